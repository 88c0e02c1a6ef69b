package cache

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"loopfault/errs"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func open(t *testing.T) *Cache {
	t.Helper()
	c, err := Open(filepath.Join(t.TempDir(), "a", "b"))
	require.NoError(t, err)
	return c
}

func TestOpenUsesTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(EnvDir, filepath.Join(dir, "here"))
	c, err := Open("")
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(dir, "here", "x", "y"), c.Path("x", "y"))
	t.Setenv(EnvDir, "")
	t.Setenv("XDG_CACHE_HOME", dir)
	c, err = Open("")
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(dir, "loopfault"), c.Path())
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	_, err = Open("")
	require.ErrorContains(t, err, "set "+EnvDir)
}

func TestOpenUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	for _, dir := range []string{filepath.Join(file, "sub"), "/proc/loopfault", "/proc"} {
		_, err := Open(dir)
		require.ErrorContains(t, err, "cannot write to cache directory "+dir+" (set "+EnvDir, dir)
		assert.Equal(t, errs.Infrastructure, errs.ClassOf(err))
	}
}

func TestNeed(t *testing.T) {
	c := open(t)
	require.NoError(t, c.Need(1, "do nothing"))
	err := c.Need(1<<62, "build the moon")
	require.ErrorContains(t, err, "not enough disk space to build the moon: 4611686018.4 GB needed, ")
	assert.Equal(t, errs.Infrastructure, errs.ClassOf(err))
}

func TestStageAndPublish(t *testing.T) {
	c := open(t)
	stage, err := c.Stage("room", "key")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(stage, "half"), nil, 0o644))
	assert.NoDirExists(t, c.Path("room", "key"))

	stage, err = c.Stage("room", "key")
	require.NoError(t, err)
	assert.NoFileExists(t, filepath.Join(stage, "half"), "what a dead builder left")
	require.NoError(t, os.WriteFile(filepath.Join(stage, "whole"), nil, 0o444))
	dir, err := c.Publish("room", "key")
	require.NoError(t, err)
	assert.Equal(t, c.Path("room", "key"), dir)
	assert.FileExists(t, filepath.Join(dir, "whole"))
	assert.NoDirExists(t, stage)
}

func TestLockMakesOthersWait(t *testing.T) {
	c := open(t)
	first, err := c.Lock(context.Background(), "room/lock", "painting", nil)
	require.NoError(t, err)

	told := make(chan string, 10)
	ctx, cancel := context.WithTimeout(context.Background(), 3*poll)
	defer cancel()
	_, err = c.Lock(ctx, "room/lock", "waiting", func(holder string) { told <- holder })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Len(t, told, 1, "told once, however long it takes")
	assert.Regexp(t, `^process \d+ \(painting\)$`, <-told)

	got := make(chan error, 1)
	go func() {
		l, err := c.Lock(context.Background(), "room/lock", "second", nil)
		if err == nil {
			l.Unlock()
		}
		got <- err
	}()
	select {
	case <-got:
		t.Fatal("two holders")
	case <-time.After(2 * poll):
	}
	first.Unlock()
	require.NoError(t, <-got)
}
