package workloads

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/beats"
	"loopfault/workloads/wire"
)

func TestCopyUpDrawsFromTheSeedAlone(t *testing.T) {
	spec := wire.CopyUp{Processes: 1, UIDs: []int{0}, Files: 5, Size: 100}
	draw := func(seed uint64) (ops []copyUpOp) {
		r := NewRand(seed, "copyup/0")
		for range 500 {
			op := nextCopyUpOp(r, spec)
			assert.True(t, op.length >= 1 && op.length <= int(spec.Size), op.length)
			ops = append(ops, op)
		}
		return ops
	}
	assert.Equal(t, draw(1), draw(1))
	assert.NotEqual(t, draw(1), draw(2))
	kinds := map[int]int{}
	for _, op := range draw(1) {
		kinds[op.flags]++
	}
	assert.Greater(t, kinds[os.O_RDONLY], 250)
	assert.Greater(t, kinds[os.O_RDWR], 80)
	assert.Greater(t, kinds[os.O_WRONLY|os.O_TRUNC], 20)
}

// Here both layers are one directory, so that a file is gone in the overlay as soon as it is
// gone below.
func TestCopyUpLeavesNothingBehindButItsLastRounds(t *testing.T) {
	spec := wire.CopyUp{Processes: 1, UIDs: []int{os.Getuid()}, Files: 3, Size: 4096}
	dir := t.TempDir()
	page, err := beats.Open(filepath.Join(t.TempDir(), "beats"))
	require.NoError(t, err)
	defer page.Close()
	c := copier{env: Env{Load: dir, Lower: dir, Rand: NewRand(1, "copyup/0"), Beat: page.Slot(0)}, spec: spec}
	for range 3 * copyUpRounds {
		require.NoError(t, c.round(t.Context()))
	}
	assert.Len(t, c.kept, copyUpRounds)
	ops, errs := page.Counts()
	assert.Equal(t, int64(3*copyUpRounds*12), ops[0], "3 made, used, removed, and used again")
	assert.Zero(t, errs[0])
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestCopyUpWantsAnOverlay(t *testing.T) {
	workers, err := Of(wire.Workload{CopyUp: &wire.CopyUp{Processes: 1, UIDs: []int{0}, Files: 1, Size: 1}})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	assert.ErrorIs(t, workers[0].Run(ctx, Env{Load: t.TempDir()}), errNoOverlay)
}

// The overlay goes before what it is above.
func TestLoadAndLowerLayerOfAMount(t *testing.T) {
	plain := mounted{dir: "/mnt/umount/0/0"}
	assert.Equal(t, "/mnt/umount/0/0/load", plain.load())
	assert.Empty(t, plain.lower())
	covered := mounted{dir: "/mnt/umount/0/0", overlay: "/mnt/umount/0/0-overlay"}
	assert.Equal(t, "/mnt/umount/0/0-overlay/load", covered.load())
	assert.Equal(t, "/mnt/umount/0/0/load", covered.lower())
}
