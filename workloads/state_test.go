package workloads

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"loopfault/workloads/beats"
	"loopfault/workloads/wire"
)

// recordingEnv is an environment below a directory of the test, with records.
func recordingEnv(t *testing.T, name string) Env {
	t.Helper()
	page, err := beats.Open(filepath.Join(t.TempDir(), "beats"))
	require.NoError(t, err)
	t.Cleanup(func() { page.Close() })
	env := Env{Name: name, Load: t.TempDir(), Records: t.TempDir(), Rand: NewRand(1, name), Beat: page.Slot(0)}
	env.Behind = env.Load
	require.NoError(t, MakeRecords(env.Records))
	return env
}

// foundBy is what was found so far, by its short text.
func foundBy(t *testing.T, env Env) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(env.Records, wire.FindingsFile))
	require.NoError(t, err)
	var all []string
	for line := range strings.Lines(string(text)) {
		var f wire.Finding
		require.NoError(t, json.Unmarshal([]byte(line), &f))
		assert.Equal(t, env.Name, f.Worker)
		assert.NotContains(t, f.What, "state-")
		all = append(all, f.What)
	}
	return all
}

func TestBlockSaysWhatItIs(t *testing.T) {
	page, other := make([]byte, pageSize), make([]byte, pageSize)
	id, err := readBlock(page)
	require.NoError(t, err)
	assert.Zero(t, id, "a page of zeros was never written")
	want := blockID{file: 7, block: 3, generation: 12}
	want.fill(page)
	id, err = readBlock(page)
	require.NoError(t, err)
	assert.Equal(t, want, id)
	for _, at := range []int{0, 8, 20, 33, 40, 4095} {
		copy(other, page)
		other[at] ^= 0x10
		_, err := readBlock(other)
		assert.Error(t, err, "byte %d is wrong", at)
	}
	blockID{file: 7, block: 3, generation: 13}.fill(other)
	copy(other[2048:], page[2048:])
	_, err = readBlock(other)
	assert.Error(t, err, "half of it is older")
}

// Each case does to a file, behind its owner's back, what no file system may do,
// and says what the owner has to find.
func TestOwnerFindsWhatWasDoneToItsFile(t *testing.T) {
	for what, spoil := range map[string]func(t *testing.T, o *ownFile, old []byte){
		"": func(*testing.T, *ownFile, []byte) {},
		"a block holds what was never written": func(t *testing.T, o *ownFile, _ []byte) {
			patch(t, o.path, pageSize+100, []byte{1})
		},
		"an acknowledged write is lost": func(t *testing.T, o *ownFile, old []byte) {
			patch(t, o.path, pageSize, old)
		},
		"a block holds another block": func(t *testing.T, o *ownFile, _ []byte) {
			page := make([]byte, pageSize)
			blockID{o.id, 0, 2}.fill(page)
			patch(t, o.path, pageSize, page)
		},
		"a file is shorter than what was acknowledged": func(t *testing.T, o *ownFile, _ []byte) {
			require.NoError(t, os.Truncate(o.path, pageSize))
		},
		"a file is gone that nobody removed": func(t *testing.T, o *ownFile, _ []byte) {
			require.NoError(t, os.Remove(o.path))
		},
	} {
		t.Run(what, func(t *testing.T) {
			env := recordingEnv(t, "state/0")
			o := newOwnFile(env, filepath.Join(env.Load, "state-f"), 1<<32|1, 4)
			require.NoError(t, o.write(1))
			require.NoError(t, o.sync())
			old, err := os.ReadFile(o.path)
			require.NoError(t, err)
			require.NoError(t, o.write(1))
			require.NoError(t, o.check(1))
			require.NoError(t, o.sync())
			require.NoError(t, o.rename(filepath.Join(env.Load, "state-g")))
			require.NoError(t, o.close())
			require.Empty(t, foundBy(t, env))
			spoil(t, o, old[pageSize:])
			_ = o.check(1)
			if what == "" {
				assert.Empty(t, foundBy(t, env))
			} else {
				assert.Equal(t, []string{what}, foundBy(t, env))
			}
		})
	}
}

func patch(t *testing.T, path string, at int64, data []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer f.Close()
	_, err = f.WriteAt(data, at)
	require.NoError(t, err)
}

// What was not acknowledged may be there or not.
func TestUnacknowledgedWritesMayBeLost(t *testing.T) {
	env := recordingEnv(t, "state/0")
	o := newOwnFile(env, filepath.Join(env.Load, "state-f"), 1<<32|1, 4)
	require.NoError(t, o.write(0))
	require.NoError(t, o.sync())
	old, err := os.ReadFile(o.path)
	require.NoError(t, err)
	require.NoError(t, o.write(0))
	require.NoError(t, o.write(2))
	require.NoError(t, o.close())
	require.NoError(t, os.Truncate(o.path, pageSize))
	patch(t, o.path, 0, old)
	require.NoError(t, o.check(0))
	require.NoError(t, o.check(2))
	assert.Empty(t, foundBy(t, env))
}

// lockers are two processes' shares of the same records, which believe each other
// to be alive.
func lockers(t *testing.T) (env Env, a, b *lockRecords) {
	env = recordingEnv(t, "state/0")
	beliefs, err := openBeliefs(filepath.Join(env.Records, "beliefs"))
	require.NoError(t, err)
	share := func(self int64) *lockRecords {
		return &lockRecords{
			env: env, path: filepath.Join(env.Load, "state-locks"), self: self, beliefs: beliefs,
			alive: func(int64) bool { return true }, page: make([]byte, pageSize),
		}
	}
	return env, share(1), share(2)
}

func TestRecordsBehindLocksOnlyGrow(t *testing.T) {
	env, a, b := lockers(t)
	for i := range 10 {
		require.NoError(t, a.turn(lockOp{lock: i % 2, ofd: true}))
		require.NoError(t, b.turn(lockOp{lock: i % 2, ofd: true}))
	}
	assert.Empty(t, foundBy(t, env))
	assert.EqualValues(t, 20, a.beliefs[1].confirmed.Load(), "two changes a turn")
	page, err := os.ReadFile(a.path)
	require.NoError(t, err)
	blockID{file: ^uint64(0), block: 1, generation: 3}.fill(page[pageSize : 2*pageSize])
	patch(t, a.path, pageSize, page[pageSize:2*pageSize])
	require.NoError(t, b.turn(lockOp{lock: 1, ofd: true}))
	assert.Equal(t, []string{"an acknowledged write under a lock is lost"}, foundBy(t, env))
}

// While one holds a lock, another gets it, too, as if the server had lost it.
func TestTwoOwnersAreFoundUnlessTheFirstIsTold(t *testing.T) {
	for name, told := range map[string]bool{"silent": false, "told": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { twoOwners(t, told) })
		})
	}
}

func twoOwners(t *testing.T, told bool) {
	env, a, b := lockers(t)
	op := lockOp{hold: 300 * time.Millisecond, ofd: true}
	require.NoError(t, a.turn(lockOp{ofd: true}))
	require.NoError(t, b.turn(lockOp{ofd: true}))
	readOnly, err := os.Open(a.path)
	require.NoError(t, err)
	defer readOnly.Close()
	fd := int(a.f.Fd())
	first := make(chan error, 1)
	go func() { first <- a.own(op) }()
	synctest.Wait()
	require.EqualValues(t, 5, a.beliefs[0].confirmed.Load())
	require.NoError(t, b.own(lockOp{}))
	if told { // one that cannot write takes the descriptor's place
		require.NoError(t, unix.Dup3(int(readOnly.Fd()), fd, 0))
	}
	if err := <-first; told {
		assert.Error(t, err)
		assert.Empty(t, foundBy(t, env))
	} else {
		assert.NoError(t, err)
		assert.Equal(t, []string{"two processes held one lock, and the first was not told"}, foundBy(t, env))
	}
	require.NoError(t, b.turn(lockOp{ofd: true}), "and it goes on from there")
}

// A process that got a lock while its owner held it may be slow to say so: by then the
// owner was told, and the lock is held by right again.
func TestRivalOfAnEarlierHoldIsNoViolation(t *testing.T) {
	synctest.Test(t, rivalOfAnEarlierHoldIsNoViolation)
}

func rivalOfAnEarlierHoldIsNoViolation(t *testing.T) {
	env, a, b := lockers(t)
	require.NoError(t, a.turn(lockOp{ofd: true}))
	op := lockOp{hold: 300 * time.Millisecond, ofd: true}
	holds := func(generation uint64) chan error {
		ended := make(chan error, 1)
		go func() { ended <- a.own(op) }()
		synctest.Wait()
		require.Equal(t, generation, a.beliefs[0].confirmed.Load())
		return ended
	}
	first := holds(3)
	var second chan error
	b.alive = func(int64) bool {
		assert.NoError(t, <-first)
		second = holds(5)
		return true
	}
	require.NoError(t, b.own(lockOp{}))
	require.NoError(t, <-second)
	assert.Empty(t, foundBy(t, env))
}

func TestLockOfSomebodyKilledIsTakenOver(t *testing.T) {
	env, a, b := lockers(t)
	b.alive = func(pid int64) bool { return pid != 1 }
	a.beliefs[0].owner.Store(hold(a.beliefs[0].holds.Add(1), 1))
	require.NoError(t, b.turn(lockOp{ofd: true}))
	assert.Zero(t, a.beliefs[0].owner.Load())
	assert.True(t, a.beliefs[0].spoilt.Load())
	assert.Empty(t, foundBy(t, env))
	assert.True(t, aliveInGuest(int64(os.Getpid())))
	assert.False(t, aliveInGuest(1<<30))
}

func TestSameSeedSameStateOperations(t *testing.T) {
	spec := wire.State{Processes: 4, Files: 3, Blocks: 4, Locks: 2, Hold: wire.Duration(time.Millisecond)}
	draw := func(seed uint64) []stateOp {
		r := NewRand(seed, "state/1")
		ops := make([]stateOp, 500)
		for i := range ops {
			ops[i] = nextStateOp(r, spec, 1)
		}
		return ops
	}
	assert.Equal(t, draw(1), draw(1))
	assert.NotEqual(t, draw(1), draw(2))
	kinds := map[stateKind]int{}
	for _, op := range draw(1) {
		kinds[op.kind]++
	}
	assert.Len(t, kinds, 8, "every kind of operation is drawn")
	spec.Locks = 0
	for _, op := range draw(1) {
		assert.NotEqual(t, stateLock, op.kind)
	}
}

// Processes on a file system that works find nothing, however they interleave; a
// byte that is changed behind their backs they do find.
func TestStateProcessesFindOnlyWhatIsWrong(t *testing.T) {
	spec := wire.State{Processes: 2, UIDs: []int{0}, Files: 3, Blocks: 4, Locks: 2, Hold: wire.Duration(time.Millisecond), Plant: wire.Duration(10 * time.Millisecond)}
	workers, err := Of(wire.Workload{State: &spec})
	require.NoError(t, err)
	require.Len(t, workers, 3, "and the one that plants")
	env := recordingEnv(t, "state/0")
	s, err := newStateProcess(env, spec, 0)
	require.NoError(t, err)
	for range 600 {
		require.NoError(t, s.do(nextStateOp(env.Rand, spec, 0)))
	}
	assert.Empty(t, foundBy(t, env))
	for range 300 {
		require.NoError(t, plant(env))
		_ = s.do(nextStateOp(env.Rand, spec, 0))
	}
	assert.NotEmpty(t, foundBy(t, env))
}
