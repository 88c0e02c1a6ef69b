package workloads

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/wire"
)

// Where there is no limit an eater comes to an end by itself.
func TestEaterStopsEating(t *testing.T) {
	if os.Getenv("LOOPFAULT_EATER") == "" {
		t.Setenv("LOOPFAULT_EATER", "1") // what it does to its process stays in one of its own
		out, err := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$").CombinedOutput()
		require.NoError(t, err, string(out))
		return
	}
	path := filepath.Join(t.TempDir(), "eater-000-000")
	order, err := json.Marshal(eater{Files: []string{path}, Write: 5000, Size: 8 << 20, Comm: "eater/0"})
	require.NoError(t, err)
	require.NoError(t, RunEater(bytes.NewReader(order)))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.EqualValues(t, 5000, info.Size())
}

func TestHogOutlivesItsEaters(t *testing.T) {
	workers, err := Of(wire.Workload{Hog: &wire.Hog{Processes: 2, UIDs: []int{1001}, Files: 1, Size: 1 << 20}})
	require.NoError(t, err)
	require.Len(t, workers, 2)
	assert.False(t, workers[0].Pressured)
	assert.Zero(t, workers[0].UID)
}
