package workloads

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/beats"
	"loopfault/workloads/wire"
)

func TestSameSeedSameOperations(t *testing.T) {
	spec := wire.SharedFile{Processes: 5, Files: 12, Sharers: 2, UIDs: []int{1, 2}, MaxWrite: 4096}
	draw := func(seed uint64, name string) []sharedOp {
		r := NewRand(seed, name)
		ops := make([]sharedOp, 500)
		for i := range ops {
			ops[i] = nextSharedOp(r, spec, 4)
		}
		return ops
	}
	assert.Equal(t, draw(1, "sharedfile/0"), draw(1, "sharedfile/0"))
	assert.NotEqual(t, draw(1, "sharedfile/0"), draw(2, "sharedfile/0"), "another seed")
	assert.NotEqual(t, draw(1, "sharedfile/0"), draw(1, "sharedfile/1"), "another worker")
	kinds := map[sharedKind]int{}
	for _, op := range draw(1, "x") {
		kinds[op.kind]++
		assert.Contains(t, []int{0, 4, 5, 9, 10}, op.file, "process 4 of 5 works on its own files and its neighbour's")
		assert.LessOrEqual(t, op.length, int64(spec.MaxWrite))
	}
	assert.Len(t, kinds, 5, "every kind of operation is drawn")

	was := draw(1, "x")
	spec.Keep = true
	for i, op := range draw(1, "x") {
		assert.NotContains(t, []sharedKind{sharedTruncate, sharedUnlink}, op.kind, "files are kept")
		assert.Equal(t, was[i].offset, op.offset, "everything else is as it was")
	}
}

func TestSameSeedSameRecallsAndReads(t *testing.T) {
	draw := func(seed uint64, writes bool) (recalls []recallOp, reads []readOp) {
		r := NewRand(seed, "x")
		for range 100 {
			recalls = append(recalls, nextRecall(r, wire.Recall{Files: 5, Writes: writes}))
			reads = append(reads, nextRead(r, wire.Reader{Files: 5}))
		}
		return recalls, reads
	}
	recalls, reads := draw(1, true)
	again, readsAgain := draw(1, true)
	assert.Equal(t, recalls, again)
	assert.Equal(t, reads, readsAgain)
	assert.True(t, slices.ContainsFunc(recalls, func(op recallOp) bool { return op.write }))
	assert.True(t, slices.ContainsFunc(recalls, func(op recallOp) bool { return !op.write }))
	only, _ := draw(1, false)
	assert.False(t, slices.ContainsFunc(only, func(op recallOp) bool { return op.write }))
}

// Permissions that were taken away are given back when the work is over, even in
// the middle, and of a file that has another name by then: without them a reader of the
// mount never ends.
func TestPermissionsAreGivenBack(t *testing.T) {
	env := recordingEnv(t, "dserror/0")
	path, renamed := sharedPath(env.Behind, 0), filepath.Join(env.Behind, ".nfs0001")
	require.NoError(t, os.WriteFile(path, nil, 0o644))
	workers, err := Of(wire.Workload{DSError: &wire.DSError{Files: 1, For: wire.Duration(time.Hour), Every: wire.Duration(time.Millisecond)}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- workers[0].Run(ctx, env) }()
	mode := func() os.FileMode {
		info, err := os.Stat(path)
		require.NoError(t, err)
		return info.Mode().Perm()
	}
	assert.Eventually(t, func() bool { return mode() == 0o600 }, 10*time.Second, time.Millisecond)
	require.NoError(t, os.Rename(path, renamed))
	path = renamed
	cancel()
	require.NoError(t, <-done)
	assert.Equal(t, os.FileMode(0o666), mode())
}

func TestWorkersOf(t *testing.T) {
	workers, err := Of(wire.Workload{SharedFile: &wire.SharedFile{Processes: 5, Files: 5, Sharers: 1, UIDs: []int{7, 8}, MaxWrite: 1}})
	require.NoError(t, err)
	require.Len(t, workers, 5)
	assert.Equal(t, 7, workers[4].UID, "credentials go round")
	assert.True(t, workers[0].Pressured)

	workers, err = Of(wire.Workload{Evict: &wire.Evict{Processes: 2, Files: 3}})
	require.NoError(t, err)
	require.Len(t, workers, 3)
	assert.False(t, workers[2].Pressured, "the squeezer must not be squeezed")
	assert.Zero(t, workers[2].UID)

	_, err = Of(wire.Workload{})
	assert.Error(t, err)
	_, err = Task{Workload: wire.Workload{Recall: &wire.Recall{Files: 1}}, Index: 3}.Start(nil)
	assert.ErrorContains(t, err, "none numbered 3")
}

// The workloads that touch only files do so here on a directory of this
// machine: they count what they do and end with their context.
func TestFileWorkloadsWorkAndCount(t *testing.T) {
	for name, w := range map[string]wire.Workload{
		"sharedfile": {SharedFile: &wire.SharedFile{Processes: 1, Files: 3, Sharers: 1, UIDs: []int{0}, MaxWrite: 4096}},
		"recall":     {Recall: &wire.Recall{Files: 1, Every: wire.Duration(time.Millisecond)}},
		"storm":      {Recall: &wire.Recall{Files: 1, Every: wire.Duration(time.Millisecond), Writes: true}},
		"reader":     {Reader: &wire.Reader{Processes: 1, UIDs: []int{0}, Files: 1}},
		"churn":      {Evict: &wire.Evict{Processes: 1, Files: 4, Every: wire.Duration(time.Second)}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(sharedPath(dir, 0), make([]byte, 1<<20), 0o644))
			page, err := beats.Open(filepath.Join(t.TempDir(), "beats"))
			require.NoError(t, err)
			defer page.Close()
			workers, err := Of(w)
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() {
				done <- workers[0].Run(ctx, Env{Load: dir, Behind: dir, Rand: NewRand(1, name), Beat: page.Slot(0)})
			}()
			assert.Eventually(t, func() bool { ops, _ := page.Counts(); return len(ops) == 1 && ops[0] > 20 }, 10*time.Second, time.Millisecond)
			cancel()
			assert.NoError(t, <-done)
			_, errs := page.Counts()
			assert.Equal(t, []int64{0}, errs)
		})
	}
}

func TestKnobsAreNeitherMadeNorTruncated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "knob")
	assert.ErrorIs(t, WriteKnob(path, "1"), os.ErrNotExist)
	require.NoError(t, os.WriteFile(path, []byte("long"), 0o644))
	require.NoError(t, WriteKnob(path, "1"))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "1ong", string(text))
	assert.ErrorIs(t, WriteKnob("/dev/full", "1"), syscall.ENOSPC, "the kernel's own answer comes back")
}
