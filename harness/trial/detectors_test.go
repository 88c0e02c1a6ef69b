package trial

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/timeouts"
	"loopfault/results/kernelreport"
	"loopfault/results/verdict"
	"loopfault/workloads/wire"
)

const sleeping = "[<0>] rpc_wait_bit_killable+0xd/0x60\n[<0>] nfs4_proc_layoutreturn+0x1/0x2\n[<0>] nfs4_evict_inode+0x1/0x2\n"

// oneSleeper is a sample of a task that has been asleep since second 100.
func oneSleeper(uptime, spin float64) wire.Sample {
	return wire.Sample{Uptime: uptime, Spin: spin, Oldest: uptime - 100, Asleep: 1, Blocked: []wire.Blocked{
		{PID: 7, Comm: "umount", State: "D", Since: 100, Seconds: uptime - 100, Stack: sleeping},
	}}
}

// quietly are the samples of seconds in which nothing sleeps.
func quietly(e *detectors, h *history, b timeouts.Timeouts, from, to int, spin float64) {
	for s := from; s < to; s++ {
		e.sample(wire.Sample{Uptime: float64(s), Spin: spin}, h, b)
	}
}

func open(t *testing.T) (*detectors, *history, timeouts.Timeouts) {
	t.Helper()
	h, err := newHistory(filepath.Join(t.TempDir(), "history.jsonl"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = h.close() })
	return &detectors{}, h, timeouts.Timeouts{Suspect: 11 * time.Second, Stall: 16 * time.Second, HungTask: 10 * time.Second, HungCheck: 2 * time.Second}
}

func TestSleeperThatWakesIsForgiven(t *testing.T) {
	e, h, b := open(t)
	e.sample(oneSleeper(116, 0), h, b)
	require.Len(t, e.reports(), 1)
	assert.Equal(t, 116.0, e.firstHang)
	e.sample(wire.Sample{Uptime: 117, Oldest: 17, Asleep: 1}, h, b)
	assert.True(t, e.settled(117, b), "it is looked at while it lasts")
	require.Len(t, e.reports(), 1, "it sleeps on")

	e.sample(wire.Sample{Uptime: 118, Oldest: 0.5, Asleep: 3}, h, b)
	assert.Empty(t, e.reports())
	assert.False(t, e.settled(140, b))
	quietly(e, h, b, 119, 150, 0)
	e.sample(oneSleeper(150, 0), h, b)
	assert.Len(t, e.reports(), 1, "and is reported again when it hangs again")
}

// The guest reports a sleep again when it is a quarter older; the budget is not waited for that long.
func TestASleepIsReportedWhenItsTimeIsUp(t *testing.T) {
	e, h, b := open(t)
	e.sample(oneSleeper(114, 0), h, b)
	e.sample(wire.Sample{Uptime: 115, Oldest: 15, Asleep: 1}, h, b)
	assert.Empty(t, e.reports())
	e.sample(wire.Sample{Uptime: 116, Oldest: 16, Asleep: 1}, h, b)
	require.Len(t, e.reports(), 1)
	assert.Equal(t, 7, *e.reports()[0].Tasks[0].PID)
	assert.True(t, e.settled(116, b))

	e, h, b = open(t)
	e.sample(oneSleeper(114, 0), h, b)
	e.sample(wire.Sample{Uptime: 117, Oldest: 16, Asleep: 1}, h, b)
	assert.Empty(t, e.reports(), "it woke up, another task sleeps that the guest has not reported")
}

func TestBudgetsGrowWithASlowGuest(t *testing.T) {
	e, h, b := open(t)
	for s := range 20 {
		e.sample(wire.Sample{Uptime: 80 + float64(s), Spin: 0.001}, h, b)
	}
	for s := range 16 {
		e.sample(wire.Sample{Uptime: 100 + float64(s), Spin: 0.003, Oldest: float64(s)}, h, b)
	}
	assert.InDelta(t, 3, e.speed.slow(), 0.01)
	e.sample(oneSleeper(116, 0.003), h, b)
	assert.Empty(t, e.reports(), "16 s are 5 s of a guest that is three times slower")
	quietly(e, h, b, 117, 150, 0.003)
	e.sample(oneSleeper(150, 0.003), h, b)
	assert.Len(t, e.reports(), 1)
}

// A host that has other things to do lets a guest run now and then, quickly.
func TestBudgetsGrowInAGuestThatRunsInTurns(t *testing.T) {
	e, h, b := open(t)
	for s := range 10 {
		e.sample(wire.Sample{Uptime: 40 + 4*float64(s), Spin: 0.001}, h, b)
	}
	assert.InDelta(t, 4, e.speed.slow(), 0.01)
	e.sample(oneSleeper(116, 0.001), h, b)
	assert.Empty(t, e.reports(), "16 s are four turns")
	quietly(e, h, b, 117, 157, 0.001)
	assert.InDelta(t, 1, e.speed.slow(), 0)
}

// printed is a guest's console that holds what a file does.
func printed(t *testing.T, path string) *kernelreport.Live {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return printing(text)
}

func printing(text []byte) *kernelreport.Live {
	l := kernelreport.NewLive()
	_, _ = l.Write(text) // never fails
	return l
}

// Of a guest that ran too slowly the kernel's own word is taken when the task watch
// agrees.
func TestKhungtaskdAloneIsDoubtedInASlowGuest(t *testing.T) {
	e, h, b := open(t)
	for s := range 12 {
		e.sample(wire.Sample{Uptime: 100 + float64(s), Spin: 0.001 + 0.0005*float64(s), Oldest: float64(s)}, h, b)
	}
	e.readConsole(printing([]byte(hungUmount)))
	require.Len(t, e.reports(), 1)
	assert.Equal(t, verdict.Doubtful, e.reports()[0].Detector)
	assert.Zero(t, e.firstHang)
	assert.Equal(t, verdict.Clean, verdict.Decide(verdict.Observations{Operations: 1, Reports: e.reports()}).Kind)

	quietly(e, h, b, 112, 190, 0.002)
	e.sample(oneSleeper(190, 0.002), h, b)
	v := verdict.Decide(verdict.Observations{Operations: 1, Reports: e.reports()})
	assert.Equal(t, verdict.Hang, v.Kind)
	assert.Equal(t, []string{verdict.TaskWatch, verdict.Khungtaskd}, v.Detectors)
}

// The kernel's watchdogs have fixed periods, too: a host that leaves a guest alone
// for half a minute makes them bark.
func TestWatchdogsAloneAreDoubtedInASlowGuest(t *testing.T) {
	console := filepath.Join("..", "..", "results", "kernelreport", "testdata", "guest-6.12-lockdep-rcu-stall-starved.txt")
	e, _, _ := open(t)
	e.readConsole(printed(t, console))
	assert.Equal(t, verdict.Hang, verdict.Decide(verdict.Observations{Operations: 1, Reports: e.reports()}).Kind, "in a guest that ran well")

	e, h, b := open(t)
	for s := range 12 {
		e.sample(wire.Sample{Uptime: 100 + float64(s), Spin: 0.001 + 0.0005*float64(s), Oldest: float64(s)}, h, b)
	}
	e.readConsole(printed(t, console))
	assert.Zero(t, e.firstHang)
	assert.Equal(t, verdict.Clean, verdict.Decide(verdict.Observations{Operations: 1, Reports: e.reports()}).Kind)
	quietly(e, h, b, 112, 190, 0.002)
	e.sample(oneSleeper(190, 0.002), h, b)
	v := verdict.Decide(verdict.Observations{Operations: 1, Reports: e.reports()})
	assert.Equal(t, []string{verdict.TaskWatch, verdict.Console}, v.Detectors)
}

// A guest with lockdep that deadlocks on paper: a crash with a report of its own,
// unless that very splat is on the list of known ones.
func TestSplatsOnTheConsole(t *testing.T) {
	console := filepath.Join("..", "..", "results", "kernelreport", "testdata", "guest-6.12-lockdep-circular.txt")
	e, _, _ := open(t)
	e.readConsole(printed(t, console))
	reports := e.reports()
	require.Len(t, reports, 1)
	v := verdict.Decide(verdict.Observations{Operations: 1, Reports: reports})
	assert.Equal(t, verdict.Crash, v.Kind)
	assert.Equal(t, "lockdep: circular locking in provoke_circular", v.Title)

	list, err := verdict.ReadSplats(reports[0].Signature + " # provoked on purpose\n")
	require.NoError(t, err)
	e = &detectors{known: list}
	e.readConsole(printed(t, console))
	v = verdict.Decide(verdict.Observations{Operations: 1, Reports: e.reports()})
	assert.Equal(t, verdict.Verdict{Kind: verdict.Clean, Known: []string{reports[0].Signature}}, v)
}
