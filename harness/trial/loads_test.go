package trial_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/guest/guesttest"
	"loopfault/harness/scenario"
	"loopfault/harness/trial"
	"loopfault/results/paths"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/workloads/wire"
)

// runFor runs one trial of a catalogue scenario on stock for a while, which comes
// back clean, and says what it left.
func runFor(t *testing.T, name, run string, change func(*scenario.Scenario)) (store.Trial, string) {
	t.Helper()
	s, got, _ := unstalled(t, func() trial.Spec {
		s := spec(t, bench.stock)
		var err error
		s.Scenario, _, err = scenario.Find(name)
		require.NoError(t, err)
		require.NoError(t, s.Scenario.Run.UnmarshalText([]byte(run)))
		if change != nil {
			change(&s.Scenario)
		}
		return s
	})
	t.Cleanup(func() { showHang(t, s.Dir) })
	return got, s.Dir
}

// showHang prints who slept where when a test fails: a hang of stock is worth more
// than the test, and its directory goes.
func showHang(t *testing.T, dir string) {
	t.Helper()
	if !t.Failed() {
		return
	}
	for _, name := range []string{"stacks.txt", "rpc-tasks.txt"} {
		if text, err := os.ReadFile(filepath.Join(dir, "evidence", name)); err == nil {
			t.Logf("%s:\n%.30000s", name, text)
		}
	}
}

// evidence is a file of a trial's evidence.
func evidence(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(dir + "/evidence/" + name)
	require.NoError(t, err)
	return string(text)
}

// The scenario runs in the group quick as well; here it is long enough for each of its ways.
func TestMountsGoInEveryWay(t *testing.T) {
	guesttest.Seldom(t)
	got, dir := runFor(t, "umount-matrix", "30s", nil) // at a load of 10 some ways take 10 s and more
	require.Equal(t, verdict.Clean, got.Verdict.Kind, "%+v", got.Verdict)
	for _, name := range []string{"umount/0", "umount/lazy", "umount/forced", "umount/namespace", "umount/exit"} {
		assert.Positive(t, got.Workers[name], name)
	}
	assert.Contains(t, evidence(t, dir, "trace.txt"), "=> do_exit", "a superblock was shut down by a process that was dying")
}

// Layouts of blocks need more than a mount: a disk that keeps reservations, or a daemon
// that maps them. Here nobody shares a file: where processes do, stock may hang by itself.
func TestLayoutsOfBlocksAreGranted(t *testing.T) {
	for layout, name := range map[string]string{wire.LayoutSCSI: "LAYOUT_SCSI", wire.LayoutBlock: "LAYOUT_BLOCK_VOLUME"} {
		t.Run(layout, func(t *testing.T) {
			if layout == wire.LayoutBlock {
				guesttest.Seldom(t)
			}
			got, _ := runFor(t, "pnfs-block-enomem", "5s", func(s *scenario.Scenario) {
				s.Mount.Layout, s.Target = layout, paths.Target{Function: "pnfs_layout_process"}
				s.Faults, s.Pressure = nil, nil
				// One process: of two GETDEVICEINFOs at a time knfsd fails one (the reservation conflicts
				// with its own, "non-standard errno: 24"), and that file is written through the server.
				s.Workloads = []wire.Workload{{Writer: &wire.Writer{Processes: 1, UIDs: []int{1001}, Size: 1 << 20, Block: 64 << 10, Sync: 256 << 10}}}
			})
			assert.Equal(t, verdict.Clean, got.Verdict.Kind, "%+v", got.Verdict)
			assert.Equal(t, name, got.Layout)
			assert.Positive(t, got.Ops["LAYOUTGET"])
			assert.Positive(t, got.Ops["LAYOUTCOMMIT"], "data went past the server, to the disk")
			assert.Zero(t, got.Ops["WRITE"], "and not through it")
		})
	}
}

// The checks of the state workload have to see what is planted; without that they
// find nothing. Locks that the client loses with its lease are told, not a finding.
func TestCheckedStateIsRightUnlessSomebodySpoilsIt(t *testing.T) {
	got, dir := runFor(t, "state-load", "12s", nil)
	assert.Equal(t, verdict.Clean, got.Verdict.Kind, "%+v", got.Verdict)
	assert.Positive(t, got.Ops["LOCK"])
	assert.Positive(t, got.Ops["LOCKU"])
	assert.Positive(t, got.Ops["DELEGRETURN"])
	if found, err := os.ReadFile(dir + "/evidence/findings.jsonl"); err == nil {
		t.Errorf("an unspoilt state was found wrong: %s", found)
	}

	got, dir = runFor(t, "state-load", "10s", func(s *scenario.Scenario) {
		load := *s.Workloads[0].State
		load.Plant = wire.Duration(50 * time.Millisecond)
		s.Workloads, s.Target = []wire.Workload{{State: &load}}, paths.Target{}
		s.Mount.Vers = "3" // what is planted at the server would recall delegations, and a COMMIT wait for the end of a lease
	})
	assert.Equal(t, verdict.Crash, got.Verdict.Kind, "%+v", got.Verdict)
	assert.Equal(t, []string{verdict.Checker}, got.Detectors)
	assert.Equal(t, "BUG: a block holds what was never written", got.Title)
	assert.Contains(t, evidence(t, dir, "findings.jsonl"), `"kind":"data_corruption"`)
}

// What these are about happens on a stock kernel, and it comes back clean.
func TestLayoutsAreRecalledAndReturnedWithErrors(t *testing.T) {
	for name, sent := range map[string]string{"pnfs-recall-storm": "LAYOUTGET", "pnfs-ds-errors": "LAYOUTRETURN"} {
		t.Run(name, func(t *testing.T) {
			if name == "pnfs-ds-errors" {
				guesttest.Seldom(t)
			}
			got, _ := runFor(t, name, "10s", func(s *scenario.Scenario) {
				// A stock kernel hangs now and then when writers are killed: docs/findings/layout-recall-without-end.md.
				s.Finish.Writers = "stopped"
			})
			assert.Equal(t, verdict.Clean, got.Verdict.Kind, "%+v", got.Verdict)
			assert.Positive(t, got.Exercised, got.Target)
			assert.Positive(t, got.Ops[sent], sent)
		})
	}
}

func TestAllocationsFailOneAfterTheOther(t *testing.T) {
	got, dir := runFor(t, "pnfs-fail-nth", "12s", nil)
	assert.Equal(t, verdict.Clean, got.Verdict.Kind, "%+v", got.Verdict)
	require.GreaterOrEqual(t, len(got.Nth), 3)
	for i, want := range []string{"pnfs_send_layoutreturn", "ff_layout_prepare_layoutreturn"} {
		row := got.Nth[i]
		assert.Equal(t, i+1, row.N)
		assert.Positive(t, row.Landed)
		assert.LessOrEqual(t, row.Landed, row.Tries)
		assert.Positive(t, row.Functions[want], "%+v", row)
	}
	landed := 0
	for _, row := range got.Nth {
		landed += row.Landed
	}
	assert.InDelta(t, got.Landed, landed, 3, "the kernel counts as many, but for one try of each of three processes that was cut off")
	assert.Contains(t, evidence(t, dir, "faultnth.jsonl"), `"n":1,"landed":true`)
}

// Each way to write, and to die, is gone in earnest.
func TestWritersOfAllModesAndVictimsOfTheOOMKiller(t *testing.T) {
	for name, worker := range map[string]string{"mmap-writers": "mmap/0", "direct-writers": "direct/0", "memcg-oom": "hog/0"} {
		t.Run(name, func(t *testing.T) {
			if name != "memcg-oom" {
				guesttest.Seldom(t)
			}
			got, _ := runFor(t, name, "10s", nil)
			assert.Equal(t, verdict.Clean, got.Verdict.Kind, "%+v", got.Verdict)
			assert.Positive(t, got.Exercised, got.Target)
			assert.Positive(t, got.Workers[worker], "%v", got.Workers)
			if name == "memcg-oom" {
				assert.Positive(t, got.Proofs["memory.events/oom_kill"], "%v", got.Proofs)
			}
		})
	}
}
