package nightly_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/matrix"
	"loopfault/harness/nightly"
)

// A record that came with somebody's results directory names what pruning removes: it is refused as a whole when it
// names what no night makes.
func TestRecordsThatNameOtherThingsThanRunsAreRefused(t *testing.T) {
	commit := nightly.Kernel{Label: "linux/master", Ref: nightly.Built("0123456789abcdef"), Source: "/src", Commit: "0123456789abcdef"}
	dir, s := t.TempDir(), suite(t, "one")
	n := night(t, dir, s, &world{}, []nightly.Kernel{commit, kernels[0]})
	path := filepath.Join(dir, n.Name())
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = nightly.Nights(dir, s.Name)
	require.NoError(t, err)
	require.Equal(t, matrix.Done, n.Cells[0].State)
	run := `"run": "` + string(n.Cells[0].Row.Run) + `"`
	for _, change := range []struct{ from, to, want string }{
		{run, `"run": ".."`, "name of a run"},
		{run, `"run": ""`, "name of a run"},
		{run, `"run": "../../etc"`, "name of a run"},
		{run, `"run": "*"`, "name of a run"},
		{`"ref": "commit-0123456789ab"`, `"ref": "*"`, "is not what a kernel built of commit"},
		{`"ref": "commit-0123456789ab"`, `"ref": "commit-*"`, "is not what a kernel built of commit"},
		{`"commit": "0123456789abcdef"`, `"commit": "*"`, "is not what a kernel built of commit"},
	} {
		bad := strings.ReplaceAll(string(good), change.from, change.to)
		require.NotEqual(t, string(good), bad, change.from)
		require.NoError(t, os.WriteFile(path, []byte(bad), 0o644))
		_, err := nightly.Nights(dir, s.Name)
		assert.ErrorContains(t, err, change.want, change.to)
	}
}
