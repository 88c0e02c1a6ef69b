package gittree_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/gittree"
)

// repo makes a repository of n commits, each of which writes its number to "file",
// and gives their names.
func repo(t *testing.T, n int) (dir string, commits []string) {
	t.Helper()
	dir = t.TempDir()
	git(t, dir, "init", "--quiet")
	for i := range n {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte{byte('0' + i)}, 0o644))
		git(t, dir, "add", ".")
		git(t, dir, "commit", "--quiet", "-m", "commit "+string(rune('0'+i)))
		commits = append(commits, git(t, dir, "rev-parse", "HEAD"))
	}
	return dir, commits
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=n", "-c", "user.email=e@example.org"}, args...)...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return strings.TrimSpace(string(out))
}

func open(t *testing.T, dir string) (*gittree.Repo, *cache.Cache) {
	t.Helper()
	r, err := gittree.Open(t.Context(), dir)
	require.NoError(t, err)
	c, err := cache.Open(t.TempDir())
	require.NoError(t, err)
	return r, c
}

func TestSuspectsBeginInTheMiddle(t *testing.T) {
	dir, commits := repo(t, 9)
	r, _ := open(t, dir)
	list, err := r.Suspects(t.Context(), commits[8], []string{commits[0]}, nil)
	require.NoError(t, err)
	require.Len(t, list, 8)
	assert.Contains(t, commits[3:6], list[0])
	assert.Equal(t, commits[8], list[7])
	list, err = r.Suspects(t.Context(), commits[4], []string{commits[3]}, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{commits[4]}, list)
	list, err = r.Suspects(t.Context(), commits[4], []string{commits[0]}, []string{"other"})
	require.NoError(t, err)
	assert.Equal(t, []string{commits[4]}, list, "nothing else touches it")
}

func TestNamesAndOrder(t *testing.T) {
	dir, commits := repo(t, 3)
	r, _ := open(t, dir)
	c, err := r.Commit(t.Context(), "HEAD~1")
	require.NoError(t, err)
	assert.Equal(t, commits[1], c)
	title, err := r.Title(t.Context(), c)
	require.NoError(t, err)
	assert.Equal(t, "commit 1", title)
	for _, bad := range []string{"nothing", "--help", ""} {
		_, err = r.Commit(t.Context(), bad)
		assert.ErrorContains(t, err, "names no commit")
		assert.Equal(t, errs.Usage, errs.ClassOf(err))
	}
	yes, err := r.Contains(t.Context(), commits[2], commits[0])
	require.NoError(t, err)
	assert.True(t, yes)
	yes, err = r.Contains(t.Context(), commits[0], commits[2])
	require.NoError(t, err)
	assert.False(t, yes)
	_, err = gittree.Open(t.Context(), t.TempDir())
	assert.ErrorContains(t, err, "expected a git repository")
}

func TestCheckoutLeavesTheRepositoryAlone(t *testing.T) {
	dir, commits := repo(t, 3)
	before := git(t, dir, "for-each-ref") + git(t, dir, "status", "--porcelain") + git(t, dir, "worktree", "list")
	r, c := open(t, dir)
	file := ""
	for _, n := range []int{0, 2, 1} {
		tree, err := r.Checkout(t.Context(), c, commits[n], nil)
		require.NoError(t, err)
		file = filepath.Join(tree.Dir, "file")
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(rune('0'+n)), string(text))
		// What a build, a user or a killed git leaves there is in nobody's way.
		require.NoError(t, os.WriteFile(file, []byte("dirt"), 0o644))
		require.NoError(t, os.WriteFile(filepath.Join(tree.Dir, "product.o"), nil, 0o644))
		require.NoError(t, os.WriteFile(filepath.Join(tree.Dir, ".git", "index.lock"), nil, 0o644))
		tree.Close()
	}
	tree, err := r.Checkout(t.Context(), c, commits[1], nil)
	require.NoError(t, err)
	defer tree.Close()
	assert.NoFileExists(t, filepath.Join(tree.Dir, "product.o"))
	assert.Equal(t, before, git(t, dir, "for-each-ref")+git(t, dir, "status", "--porcelain")+git(t, dir, "worktree", "list"))
}

func TestCommitsMadeAfterTheCloneAreThere(t *testing.T) {
	dir, commits := repo(t, 1)
	r, c := open(t, dir)
	tree, err := r.Checkout(t.Context(), c, commits[0], nil)
	require.NoError(t, err)
	tree.Close()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("new"), 0o644))
	git(t, dir, "commit", "--quiet", "-am", "later")
	tree, err = r.Checkout(t.Context(), c, git(t, dir, "rev-parse", "HEAD"), nil)
	require.NoError(t, err)
	defer tree.Close()
	text, err := os.ReadFile(filepath.Join(tree.Dir, "file"))
	require.NoError(t, err)
	assert.Equal(t, "new", string(text))
}
