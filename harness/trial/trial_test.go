package trial_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/scenario"
	"loopfault/harness/trial"
	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/workloads/wire"
)

func quiet(string) {}

func TestStockKernelComesBackClean(t *testing.T) {
	s, got, reports := unstalled(t, func() trial.Spec { return spec(t, bench.stock) })
	assert.Equal(t, verdict.Clean, got.Verdict.Kind, "%+v", got.Verdict)
	assert.Equal(t, "LAYOUT_FLEX_FILES", got.Layout)
	assert.Positive(t, got.Exercised, "pnfs_send_layoutreturn was called")
	assert.Positive(t, got.Landed, "its kzalloc failed")
	assert.Less(t, got.Landed, got.Exercised, "with probability 50 not every call fails, and no other allocation does")
	assert.Positive(t, got.Ops["LAYOUTGET"])
	assert.Positive(t, got.Paths["pnfs_roc"].Calls, "the last closer's credential was not the layout's: %v", got.Paths)
	assert.Positive(t, got.Operations)
	require.Len(t, got.Workers, 15)
	for name, ops := range got.Workers {
		assert.True(t, ops > 0 || name == "umount/0", "%s did nothing; a cycle of umount may take longer than the trial", name)
	}
	for _, r := range reports {
		assert.NotEqual(t, verdict.Hang, verdict.KindOf(r.Kind), "%+v", r)
	}

	types := map[string]int{}
	last := -1.0
	for _, e := range history(t, s.Dir) {
		types[e.Type]++
		if e.Type == "workload" && e.What == "" { // a sample of the watch
			assert.GreaterOrEqual(t, e.T, last, "one clock")
			last = e.T
		}
	}
	for _, want := range []string{"phase", "guest", "pressure", "fault", "workload", "verdict"} {
		assert.Positive(t, types[want], want)
	}
}

// The control hangs and both detectors see it. Perhaps not in every trial:
// khungtaskd passes over killable sleeps, and its period is shorter than the watch's.
func TestControlHangsAndBothDetectorsSeeIt(t *testing.T) {
	seenBy := map[string]int{}
	for seed := uint64(1); seed <= 4 && len(seenBy) < 2; seed++ {
		s := spec(t, bench.control)
		s.Scenario.Run = wire.Duration(2 * s.Scenario.Run.D())
		s.Planned.Seed = seed
		got, reports, err := trial.Run(t.Context(), s, quiet)
		require.NoError(t, err)
		t.Logf("seed %d: %+v", seed, got.Verdict)
		if got.Verdict.Kind != verdict.Hang {
			continue
		}
		assert.NotEmpty(t, got.Signature)
		assert.Positive(t, got.HangAt)
		for _, d := range got.Detectors {
			seenBy[d]++
		}
		if slices.Contains(got.Detectors, verdict.TaskWatch) {
			checkEvidence(t, s.Dir, reports)
		}
	}
	assert.Positive(t, seenBy[verdict.TaskWatch], "the task watch saw none of four trials hang")
	assert.Positive(t, seenBy[verdict.Khungtaskd], "khungtaskd saw none of four trials hang")
}

// An umount that comes to no end, though no detector calls that a hang: what was
// under way is kept.
func TestAStepThatTakesTooLongLeavesEvidence(t *testing.T) {
	s, got := warmSpec(t), store.Trial{}
	for seed := uint64(1); seed <= 3 && got.Exercised == 0; seed++ { // on a busy host a load of 10 s may have come to nothing
		s = warmSpec(t)
		s.Planned.Seed = seed
		var err error
		got, _, err = trial.RunHasty(t.Context(), s)
		require.NoError(t, err)
		t.Logf("seed %d: %d calls, operations by worker %v", seed, got.Exercised, got.Workers)
	}
	switch got.Verdict.Kind {
	case verdict.Stall: // tasks slept in that step, and for long after the load was gone
		require.NotNil(t, got.Confirmed)
		assert.Equal(t, verdict.Back, got.Confirmed.How)
	case verdict.Hang: // seen once: docs/findings/layout-recall-without-end.md, which takes four minutes to outlive its timers
		require.NotNil(t, got.Confirmed)
		assert.Equal(t, verdict.Outlived, got.Confirmed.How, "%+v", got.Verdict)
	default:
		assert.Equal(t, verdict.Inconclusive, got.Verdict.Kind, "%+v", got.Verdict)
		assert.Contains(t, got.Reason, "cut short: step took too long")
	}
	assert.Positive(t, got.Exercised, "calls are counted all the same")
	assert.Positive(t, got.Landed)
	for _, name := range []string{"ps.txt", "tasks.txt", "rpc-tasks.txt", "rpc-tasks-later.txt", "mountstats.txt", "trace.txt"} {
		assert.FileExists(t, filepath.Join(s.Dir, "evidence", name))
	}
}

// Tasks that slept for long, and went on while their stacks were being read, are no stall: they did so under load.
func TestWhatGoesOnUnderLoadIsNoStall(t *testing.T) {
	s := warmSpec(t)
	require.NoError(t, s.Scenario.Run.UnmarshalText([]byte("20s")))
	got, _, err := trial.RunFrozen(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, verdict.Clean, got.Verdict.Kind, "%+v", got.Verdict)
	assert.Nil(t, got.Confirmed)
	var went, umounted bool
	for _, l := range history(t, s.Dir) {
		went = went || l.What == "went on under load"
		umounted = umounted || went && l.What == trial.PhaseUmount
	}
	assert.True(t, went)
	assert.True(t, umounted, "the trial goes on, too")
	assert.NoFileExists(t, filepath.Join(s.Dir, "evidence", "stacks.txt"), "nothing hangs")
}

func checkEvidence(t *testing.T, dir string, reports []kernelreport.Report) {
	stack := slices.ContainsFunc(reports, func(r kernelreport.Report) bool {
		return r.Detector == verdict.TaskWatch && len(r.Tasks) > 0 && len(r.Tasks[0].Frames) > 3
	})
	assert.True(t, stack, "the task watch's reports carry stacks")
	for _, name := range []string{"config.txt", "stacks.txt", "rpc-tasks.txt", "rpc-tasks-later.txt", "mountstats.txt", "ps.txt", "trace.txt"} {
		text, err := os.ReadFile(filepath.Join(dir, "evidence", name))
		require.NoError(t, err)
		assert.NotContains(t, string(text), "loopfault: ", name)
		assert.NotEmpty(t, text, name)
	}
}

// A load that stands still in a freeze, for longer than a budget of the detectors
// would allow without it, is no hang; the trial says how soon it is back.
func TestOutagesComeAndGo(t *testing.T) {
	s := spec(t, bench.stock)
	s.Scenario, _, _ = scenario.Find("freeze-export")
	s.Guest.Timeouts.HungTask = 2 * s.Guest.Timeouts.HungCheck
	freeze := *s.Scenario.Faults[0].Freeze
	freeze.For = wire.Duration(2 * s.Guest.Timeouts.HungTask)
	freeze.Every = freeze.For / 2
	s.Scenario.Faults[0].Freeze = &freeze
	got, _, err := trial.Run(t.Context(), s, quiet)
	require.NoError(t, err)
	assert.Equal(t, verdict.Clean, got.Verdict.Kind, "%+v", got.Verdict)
	assert.Positive(t, got.Exercised, "freeze_super was called")
	assert.GreaterOrEqual(t, got.Landed, int64(2), "under load, and at umount")
	assert.Equal(t, got.Proofs["freeze/begun"], got.Proofs["freeze/ended"])
	assert.NotEmpty(t, got.Recoveries)
	var turns []string
	for _, l := range history(t, s.Dir) {
		if l.Type == "fault" && l.What != "armed" && l.What != "proof" {
			turns = append(turns, l.What)
		}
	}
	require.Len(t, turns, 4*int(got.Landed))
	for i, what := range turns {
		assert.Equal(t, []string{"begins", "begun", "ends", "ended"}[i%4], what)
	}
}

// Somebody kills QEMU in the middle: that says nothing about the kernel.
func TestGuestKilledInTheMiddleIsAnErrorNotAVerdict(t *testing.T) {
	kill := func(phase string) {
		if phase == trial.PhaseWork {
			for _, pid := range qemus(t) {
				assert.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
			}
		}
	}
	got, _, err := trial.Run(t.Context(), spec(t, bench.stock), kill)
	require.NoError(t, err)
	if wild(got) {
		got, _, err = trial.Run(t.Context(), spec(t, bench.stock), kill)
		require.NoError(t, err)
	}
	assert.Equal(t, verdict.Error, got.Verdict.Kind, "%+v", got.Verdict)
	assert.Contains(t, got.Reason, "killed")
	assert.Empty(t, qemus(t))
}

func TestCancelledTrialHasNoVerdictAndLeavesNoGuest(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := warmSpec(t)
	_, _, err := trial.Run(ctx, s, func(phase string) {
		if phase == trial.PhaseWork {
			cancel()
		}
	})
	assert.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, qemus(t))
	assert.NotEmpty(t, history(t, s.Dir), "what was known is kept")
}

func TestKernelThatCannotBootIsUnfit(t *testing.T) {
	rootless := spec(t, bench.stock)
	rootless.Image.Path = filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(rootless.Image.Path, make([]byte, 1<<20), 0o644))
	_, _, err := trial.Run(t.Context(), rootless, quiet)
	var unfit *trial.Unfit
	require.True(t, errors.As(err, &unfit), "%v", err)
	assert.Contains(t, unfit.Why, "panics at boot")
	assert.Contains(t, unfit.Why, "Unable to mount root fs")

	mute := spec(t, bench.stock)
	mute.Kernel.BzImage = muteKernel(t, bench.stock.BzImage)
	got, _, err := trial.Run(t.Context(), mute, quiet)
	if err == nil { // says nothing about a kernel that hardly ran
		assert.Equal(t, verdict.Error, got.Verdict.Kind, "%+v", got.Verdict)
		assert.Contains(t, got.Reason, "the host is too busy to boot a guest")
	} else {
		require.True(t, errors.As(err, &unfit), "%v", err)
		assert.Contains(t, unfit.Why, "prints nothing")
	}
	assert.Empty(t, qemus(t))
}

// muteKernel is a bzImage that QEMU accepts and that never prints: its code is
// one endless loop after another.
func muteKernel(t *testing.T, from string) string {
	image, err := os.ReadFile(from)
	require.NoError(t, err)
	setup := (int(image[0x1f1]) + 1) * 512
	for i := 512; i+1 < len(image); i += 2 {
		if i >= setup || i >= 0x400 {
			image[i], image[i+1] = 0xeb, 0xfe // jmp to itself
		}
	}
	path := filepath.Join(t.TempDir(), "bzImage")
	require.NoError(t, os.WriteFile(path, image, 0o644))
	return path
}

type line struct {
	T    float64
	Type string
	What string
}

func history(t *testing.T, dir string) []line {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "history.jsonl"))
	require.NoError(t, err)
	defer f.Close()
	var all []line
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var l line
		require.NoError(t, json.Unmarshal(lines.Bytes(), &l))
		all = append(all, l)
	}
	return all
}

// qemus lists the QEMU processes that this process started.
func qemus(t *testing.T) []int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(t, err)
	var pids []int
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		comm, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if strings.Contains(comm, "qemu-system") && len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid()) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			require.NoError(t, err)
			pids = append(pids, pid)
		}
	}
	return pids
}
