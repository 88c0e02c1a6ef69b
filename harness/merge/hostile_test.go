package merge_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"loopfault/errs"
	"loopfault/harness/merge"
	"loopfault/harness/merge/fakeshards"
	"loopfault/results/store"
)

// refused merges what has to be refused, and makes sure that nothing is left of it.
func refused(t *testing.T, from ...string) string {
	t.Helper()
	results := t.TempDir()
	_, err := merge.Run(t.Context(), merge.Request{From: from, Results: results})
	require.Error(t, err)
	assert.Equal(t, errs.Usage, errs.ClassOf(err), err)
	assert.NotContains(t, err.Error(), "\n", "one line")
	left, lerr := os.ReadDir(results)
	require.NoError(t, lerr)
	assert.Empty(t, left)
	return err.Error()
}

func TestShardsOfOtherCampaignsAreRefused(t *testing.T) {
	dir := shards(t, small, 1)
	for says, change := range map[string]func(*fakeshards.Spec){
		"its seed is 6, there 5":               func(s *fakeshards.Spec) { s.Seed++ },
		"its number of trials is 13, there 12": func(s *fakeshards.Spec) { s.Trials++ },
		"its number of shards is 4, there 3":   func(s *fakeshards.Spec) { s.Of++ },
		"asked for with other flags":           func(s *fakeshards.Spec) { s.Until = store.UntilHang },
	} {
		other := small
		change(&other)
		assert.Contains(t, refused(t, dir, shards(t, other, 2)), says)
	}
	for says, change := range map[string][2]string{
		"kernel of arm fixed is another one": {"hash of fixed", "another hash"},
		"its arm 2 is patched, there fixed":  {`"name": "fixed"`, `"name": "patched"`},
		"its root image is another":          {"hash of the image", "another"},
		"its version of loopfault is 2":      {`"loopfault": "test"`, `"loopfault": "2"`},
		"the text of its scenario":           {`"title": "made up"`, `"title": "made down"`},
		"its scenario is made-down":          {`"scenario_name": "made-up"`, `"scenario_name": "made-down"`},
		"manifest.json is of format 7":       {`"format": 1`, `"format": 7`},
		"damaged":                            {`"format": 1,`, `"format": `},
		"want NUMBER/OF":                     {`"shard": "2/3"`, `"shard": "../3"`},
		"is no shard of the campaign":        {`"seed": 5`, `"seed": 77`},
	} {
		other := shards(t, small, 2)
		edit(t, filepath.Join(other, "20260102-030407-made-up", "manifest.json"), change[0], change[1])
		assert.Contains(t, refused(t, dir, other), says)
	}
}

func edit(t *testing.T, path, old, new string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(text), old)
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(text), old, new, 1)), 0o644))
}

func TestWhatIsNoShardIsRefused(t *testing.T) {
	assert.Contains(t, refused(t, t.TempDir()), "there is no shard in")
	assert.Contains(t, refused(t, filepath.Join(t.TempDir(), "none")), "no such file")
	_, whole := merged(t, shards(t, small, 1, 2, 3))
	assert.Contains(t, refused(t, whole.Dir), "is no shard: it was run without --shard, or merged")
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, unix.Mkfifo(fifo, 0o644))
	assert.Contains(t, refused(t, fifo), "a named pipe")
	file := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(file, []byte("no archive\n"), 0o644))
	assert.Contains(t, refused(t, file), "neither a directory nor an archive")

	// In a tree among shards it is passed over.
	dir := shards(t, small, 1, 2, 3)
	require.NoError(t, os.CopyFS(filepath.Join(dir, "whole"), os.DirFS(whole.Dir)))
	out, _ := merged(t, dir)
	assert.Equal(t, 1, out.PassedBy)
	assert.True(t, out.Complete())
}

func TestHostileShardsAreRefused(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o644))
	link := func(to, name string) func(string) error {
		return func(run string) error {
			if err := os.RemoveAll(filepath.Join(run, name)); err != nil {
				return err
			}
			return os.Symlink(to, filepath.Join(run, name))
		}
	}
	write := func(name, text string) func(string) error {
		return func(run string) error { return os.WriteFile(filepath.Join(run, name), []byte(text), 0o644) }
	}
	const first = "trials/0001" // in shard 1: the plan's first round of controls
	for _, c := range []struct {
		says string
		harm func(run string) error
	}{
		{"verdict.json is damaged", write(first+"/verdict.json", `{"n": 1,`)},
		{"which shard 1 of 3 has no trial 1 of", write(first+"/verdict.json", `{"n": 1, "arm": "stock", "seed": 3, "verdict": "clean"}`)},
		{"has no trial 99999", func(run string) error {
			if err := os.Mkdir(filepath.Join(run, "trials/99999"), 0o755); err != nil {
				return err
			}
			return write("trials/99999/verdict.json", `{"n": 99999, "arm": "stock", "verdict": "clean"}`)(run)
		}},
		{"console.log is neither a regular file nor a directory", link(secret, first+"/console.log")},
		{"evidence is neither a regular file", link("/etc", first+"/evidence")},
		{"verdict.json", link(secret, first+"/verdict.json")},
		{"0001 is no directory: not followed", link("0002", first)},
		{"trials is no directory: not followed", link("/tmp", "trials")},
		{"manifest.json is no regular file: not followed", link(secret, "manifest.json")},
		{"scenario.yaml", link(secret, "scenario.yaml")},
		{"journal.jsonl", link(secret, "journal.jsonl")},
		{"fifo is neither a regular file", func(run string) error { return unix.Mkfifo(filepath.Join(run, first, "fifo"), 0o644) }},
		{"more than 8 directories inside of each other", func(run string) error {
			return os.MkdirAll(filepath.Join(run, first, strings.Repeat("d/", 12)), 0o755)
		}},
	} {
		t.Run(c.says, func(t *testing.T) {
			dir := shards(t, small, 1)
			require.NoError(t, c.harm(filepath.Join(dir, "20260102-030406-made-up")))
			assert.Contains(t, refused(t, dir), c.says)
		})
	}
}

// A shard that somebody still works on is not merged: its trials come and go.
func TestRunningShardIsRefused(t *testing.T) {
	dir := t.TempDir()
	journal, err := one(t, small, dir, 1, 3).Journal()
	require.NoError(t, err)
	assert.Contains(t, refused(t, dir), "another loopfault works on this run: wait for it, or leave it out")
	require.NoError(t, journal.Close())
	merged(t, dir)
}

func archive(t *testing.T, entries ...tar.Header) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		require.NoError(t, w.WriteHeader(&h))
	}
	require.NoError(t, w.Close())
	path := filepath.Join(t.TempDir(), "a.tar")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	return path
}

func TestArchives(t *testing.T) {
	dir := shards(t, small, 1, 2)
	require.NoError(t, os.Symlink("20260102-030407-made-up", filepath.Join(dir, "latest")))
	path := filepath.Join(t.TempDir(), "shards.tar.gz")
	f, err := os.Create(path)
	require.NoError(t, err)
	z := gzip.NewWriter(f)
	w := tar.NewWriter(z)
	require.NoError(t, w.AddFS(os.DirFS(dir)))
	require.NoError(t, w.Close())
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())
	out, stored := merged(t, path, shards(t, small, 3))
	assert.True(t, out.Complete())
	want, _ := merged(t, dir, shards(t, small, 3))
	assert.Equal(t, want.Summary, out.Summary)
	entries, err := os.ReadDir(stored.Dir)
	require.NoError(t, err)
	for _, e := range entries {
		assert.False(t, strings.HasPrefix(e.Name(), "."), "%s is left of the archive", e.Name())
	}

	for says, entry := range map[string]tar.Header{
		"leads out of it: not unpacked":          {Name: "../out", Typeflag: tar.TypeReg},
		"symbolic link":                          {Name: "run/manifest.json", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"},
		"neither a regular file nor a directory": {Name: "disk", Typeflag: tar.TypeBlock},
	} {
		assert.Contains(t, refused(t, archive(t, entry)), says)
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text[:len(text)/2], 0o644))
	assert.Contains(t, refused(t, path), "damaged archive")
}

func TestInterruptedMergeLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	results := t.TempDir()
	_, err := merge.Run(ctx, merge.Request{From: []string{shards(t, small, 1)}, Results: results})
	require.ErrorIs(t, err, context.Canceled)
	left, err := os.ReadDir(results)
	require.NoError(t, err)
	assert.Empty(t, left)
}

// What a killed merge left goes with the next one; that of a running one stays.
func TestNextMergeTidiesUp(t *testing.T) {
	results := t.TempDir()
	st, err := store.Open(results)
	require.NoError(t, err)
	running, err := st.Stage()
	require.NoError(t, err)
	killed := filepath.Join(results, ".merging-1")
	require.NoError(t, os.Mkdir(killed, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(killed, "journal.jsonl"), nil, 0o644))
	_, err = merge.Run(t.Context(), merge.Request{From: []string{shards(t, small, 1)}, Results: results})
	require.NoError(t, err)
	assert.NoDirExists(t, killed)
	assert.DirExists(t, running.Dir)
	require.NoError(t, running.Discard())
	_, err = os.Stat(running.Dir)
	assert.ErrorIs(t, err, fs.ErrNotExist)
}
