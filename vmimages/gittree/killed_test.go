package gittree_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/vmimages/cache"
	"loopfault/vmimages/gittree"
)

// helperEnv makes the test binary a program that checks a commit out and can be killed
// meanwhile: the cache, the repository and the commit, a line each.
const helperEnv = "LOOPFAULT_TEST_CHECKOUT"

func TestMain(m *testing.M) {
	if args := os.Getenv(helperEnv); args != "" {
		if err := checkout(strings.Split(args, "\n")); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func checkout(args []string) error {
	c, err := cache.Open(args[0])
	if err != nil {
		return err
	}
	r, err := gittree.Open(context.Background(), args[1])
	if err != nil {
		return err
	}
	_, err = r.Checkout(context.Background(), c, args[2], nil)
	return err
}

// Whoever is killed with SIGKILL leaves its git running, which goes on writing. Two at a
// time would leave half an index.
func TestGitOfAKilledProgramIsWaitedFor(t *testing.T) {
	dir, commits := repo(t, 2)
	r, c := open(t, dir)
	original, err := exec.LookPath("git")
	require.NoError(t, err)
	scripts := t.TempDir()
	begun, ended := filepath.Join(scripts, "begun"), filepath.Join(scripts, "ended")
	slow := "#!/bin/sh\ncase \"$*\" in *' checkout '*) touch " + begun + "; sleep 2; " + original + " \"$@\"; touch " + ended + "; exit;; esac\nexec " + original + " \"$@\"\n"
	require.NoError(t, os.WriteFile(filepath.Join(scripts, "git"), []byte(slow), 0o755))
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "PATH="+scripts+":"+os.Getenv("PATH"), helperEnv+"="+c.Path()+"\n"+dir+"\n"+commits[0])
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool { return exists(begun) }, 30*time.Second, 10*time.Millisecond)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())

	tree, err := r.Checkout(t.Context(), c, commits[1], nil)
	require.NoError(t, err)
	defer tree.Close()
	assert.True(t, exists(ended), "the other git had come to its end")
	assert.Equal(t, "1", read(t, tree))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func read(t *testing.T, tree *gittree.Tree) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(tree.Dir, "file"))
	require.NoError(t, err)
	return string(text)
}

// Half an index, as a power failure leaves it, is made again.
func TestDamagedIndexIsMadeAgain(t *testing.T) {
	dir, commits := repo(t, 2)
	r, c := open(t, dir)
	tree, err := r.Checkout(t.Context(), c, commits[0], nil)
	require.NoError(t, err)
	tree.Close()
	require.NoError(t, os.Truncate(filepath.Join(tree.Dir, ".git", "index"), 10))
	tree, err = r.Checkout(t.Context(), c, commits[1], nil)
	require.NoError(t, err)
	defer tree.Close()
	assert.Equal(t, "1", read(t, tree))
}
