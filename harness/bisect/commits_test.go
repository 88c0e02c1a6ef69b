package bisect_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/harness/bisect"
	"loopfault/vmimages/gittree"
	"loopfault/vmimages/packages/packagestest"
)

func TestCommitsAreNamedInFull(t *testing.T) {
	packagestest.Need(t, "git")
	dir := t.TempDir()
	git := func(args ...string) string {
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=n", "-c", "user.email=e@example.org"}, args...)...)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		return strings.TrimSpace(string(out))
	}
	git("init", "--quiet")
	for _, title := range []string{"one", "two", "three"} {
		git("commit", "--quiet", "--allow-empty", "-m", title)
		git("tag", title)
	}
	git("checkout", "--quiet", "-b", "aside", "one")
	git("commit", "--quiet", "--allow-empty", "-m", "aside")
	repo, err := gittree.Open(t.Context(), dir)
	require.NoError(t, err)

	between := func(bad string, good ...string) (bisect.Request, error) {
		r := bisect.Request{Confidence: 0.95, Probe: 60}
		err := r.Between(t.Context(), repo, good, bad)
		return r, err
	}
	r, err := between("three", "one", "two")
	require.NoError(t, err)
	assert.Equal(t, git("rev-parse", "three"), r.Bad)
	assert.Equal(t, []string{git("rev-parse", "one"), git("rev-parse", "two")}, r.Good)
	assert.Equal(t, repo.Dir, r.Source)

	for _, c := range []struct{ bad, good, want string }{
		{"three", "aside", "--good aside is not an ancestor of --bad three"},
		{"three", "three", "is not an ancestor"},
		{"one", "three", "is not an ancestor"},
		{"three", "none", "none"},
		{"none", "one", "none"},
	} {
		_, err := between(c.bad, c.good)
		require.ErrorContains(t, err, c.want)
		assert.Equal(t, errs.Usage, errs.ClassOf(err), c.want)
	}
}
