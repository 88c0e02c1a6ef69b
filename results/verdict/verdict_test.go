package verdict_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/kernelreport"
	"loopfault/results/verdict"
)

// good is a trial with nothing to object to.
func good() verdict.Observations {
	return verdict.Observations{
		WantLayout: "LAYOUT_FLEX_FILES", Layout: "LAYOUT_FLEX_FILES",
		Target: "pnfs_send_layoutreturn", Exercised: 40,
		Faults: 1, Landed: 20, Operations: 1000,
	}
}

func seen(kind kernelreport.Kind, detector string) kernelreport.Report {
	return kernelreport.Report{Kind: kind, Detector: detector, Title: string(kind) + " in f", Signature: "v1:" + string(kind)}
}

func TestCleanNeedsEverything(t *testing.T) {
	assert.Equal(t, verdict.Verdict{Kind: verdict.Clean}, verdict.Decide(good()))
	doubts := map[string]verdict.Doubt{
		"not exercised": verdict.NotExercised, "fault did not land": verdict.NotLanded, "layout not granted": verdict.NotGranted,
		"did nothing": verdict.Idle, "cut short: SIGINT": verdict.CutShort,
	}
	for want, spoil := range map[string]func(*verdict.Observations){
		"not exercised":      func(o *verdict.Observations) { o.Exercised = 0 },
		"fault did not land": func(o *verdict.Observations) { o.Landed = 0 },
		"layout not granted": func(o *verdict.Observations) { o.Layout = "not configured" },
		"did nothing":        func(o *verdict.Observations) { o.Operations = 0 },
		"cut short: SIGINT":  func(o *verdict.Observations) { o.CutShort = "SIGINT" },
	} {
		o := good()
		spoil(&o)
		v := verdict.Decide(o)
		assert.Equal(t, verdict.Inconclusive, v.Kind, want)
		assert.Contains(t, v.Reason, want)
		assert.Equal(t, doubts[want], v.Doubt)
		assert.Equal(t, doubts[want], verdict.DoubtOf(o))
	}
}

func TestHangOutranksDoubtAndNamesItsDetectors(t *testing.T) {
	o := good()
	o.Landed = 0
	o.Reports = []kernelreport.Report{
		seen(kernelreport.KindFaultInjection, verdict.Console),
		seen(kernelreport.KindHungTask, verdict.Khungtaskd),
		seen(kernelreport.KindProcStack, verdict.TaskWatch),
		seen(kernelreport.KindHungTask, verdict.Khungtaskd),
	}
	v := verdict.Decide(o)
	assert.Equal(t, verdict.Hang, v.Kind)
	assert.Equal(t, "hung_task in f", v.Title)
	assert.Equal(t, []string{verdict.Khungtaskd, verdict.TaskWatch}, v.Detectors)
}

func TestTheHolderOfALockNamesTheHangRatherThanItsWaiters(t *testing.T) {
	o := good()
	waiter := seen(kernelreport.KindHungTask, verdict.Khungtaskd)
	waiter.Tasks = []kernelreport.Task{{WaitFrame: "rwsem_down_write_slowpath"}}
	holder := seen(kernelreport.KindProcStack, verdict.TaskWatch)
	holder.Title, holder.Tasks = "INFO: task hung in pnfs_update_layout", []kernelreport.Task{{WaitFrame: "nfs_wait_bit_killable"}}
	o.Reports = []kernelreport.Report{waiter, holder, seen(kernelreport.KindProcStack, verdict.TaskWatch)}
	assert.Equal(t, "INFO: task hung in pnfs_update_layout", verdict.Decide(o).Title)
	o.Reports = o.Reports[:1]
	assert.Equal(t, "hung_task in f", verdict.Decide(o).Title, "better a waiter than nothing")
}

func TestCrashOutranksHang(t *testing.T) {
	o := good()
	o.Reports = []kernelreport.Report{seen(kernelreport.KindHungTask, verdict.Khungtaskd), seen(kernelreport.KindOops, verdict.Console)}
	assert.Equal(t, verdict.Crash, verdict.Decide(o).Kind)
}

func TestFailureOfTheHarnessOutranksAll(t *testing.T) {
	o := good()
	o.Failure = "QEMU was killed"
	o.Reports = []kernelreport.Report{seen(kernelreport.KindOops, verdict.Console)}
	assert.Equal(t, verdict.Verdict{Kind: verdict.Error, Reason: "QEMU was killed"}, verdict.Decide(o))
}

// An application that is told of a lost lock by an error has got what it may
// expect; one that is not told, or whose data are gone, has not.
func TestLossThatIsToldIsNoFinding(t *testing.T) {
	o := good()
	o.Reports = []kernelreport.Report{seen(kernelreport.KindLostLock, verdict.Console)}
	assert.Equal(t, verdict.Clean, verdict.Decide(o).Kind)
	for _, kind := range []kernelreport.Kind{kernelreport.KindLockViolation, kernelreport.KindDataCorruption} {
		o.Reports = []kernelreport.Report{seen(kind, verdict.Checker)}
		assert.Equal(t, verdict.Crash, verdict.Decide(o).Kind, kind)
	}
}

func TestFaultMessagesAndWarningsAloneAreNoFinding(t *testing.T) {
	o := good()
	o.Reports = []kernelreport.Report{seen(kernelreport.KindFaultInjection, verdict.Console), seen(kernelreport.KindWarning, verdict.Console)}
	assert.Equal(t, verdict.Clean, verdict.Decide(o).Kind)
}

// Who waits for a lock tells less than who may hold it, and a task that is gone by
// the time its stack is read tells nothing.
func TestHangIsNamedByWhatTellsMost(t *testing.T) {
	stack := func(text string) kernelreport.Report {
		r := kernelreport.FromStack("x", 7, "D", 20, text)
		r.Detector = verdict.TaskWatch
		return r
	}
	blank, lock, bit := stack(""), stack("[<0>] nfs_start_io_write+0x19/0x50\n"), stack("[<0>] pnfs_update_layout+0x19/0x50\n")
	for _, c := range []struct {
		reports []kernelreport.Report
		want    string
	}{
		{[]kernelreport.Report{blank, lock, bit}, bit.Title},
		{[]kernelreport.Report{lock, blank, bit}, bit.Title},
		{[]kernelreport.Report{lock, blank}, lock.Title},
		{[]kernelreport.Report{blank, lock}, lock.Title},
		{[]kernelreport.Report{blank}, blank.Title},
		{[]kernelreport.Report{bit, stack("[<0>] pnfs_roc+0x19/0x50\n")}, bit.Title},
	} {
		o := good()
		o.Reports = c.reports
		assert.Equal(t, c.want, verdict.Decide(o).Title)
	}
}

// Who came back when the load was gone, while others slept on, gives a hang no name: a
// writer that was put off for long, seen before the tasks that wait for a lost reference.
func TestHangIsNamedByTheTasksThatSleptOn(t *testing.T) {
	slow := kernelreport.FromStack("writer/0", 1, "D", 40, "[<0>] folio_wait_writeback+0x10/0x60\n[<0>] nfs_wb_all+0x90/0x2d0\n")
	hung := kernelreport.FromStack("umount", 2, "D", 50, "[<0>] pnfs_destroy_layout_final+0x10/0x60\n[<0>] nfs4_evict_inode+0x90/0x2d0\n")
	slow.Detector, hung.Detector = verdict.TaskWatch, verdict.TaskWatch
	o := good()
	o.Reports = []kernelreport.Report{slow, hung}
	assert.Equal(t, slow.Title, verdict.Decide(o).Title, "the first, while no more is known")
	o.Confirmed = &verdict.Confirmation{How: verdict.Outlived, Asleep: []int{2, 3}}
	assert.Equal(t, hung.Title, verdict.Decide(o).Title)
	o.Confirmed.Asleep = []int{3}
	assert.Equal(t, slow.Title, verdict.Decide(o).Title, "none of those who were reported is left")
}

// The workers of a stalled workload wait for the one that is stuck.
func TestBlockedTasksNameAHangRatherThanStalledWorkers(t *testing.T) {
	stalled := kernelreport.FromStack("writer/0", 1, "D", 9, "[<0>] nfs_start_io_write+0x10/0x60\n[<0>] nfs_file_write+0x90/0x2d0\n")
	stalled.Kind, stalled.Detector = kernelreport.KindWorkloadStall, verdict.StallWatch
	stuck := kernelreport.FromStack("nfsd", 2, "D", 9, "[<0>] __kern_path_locked+0x10/0x60\n[<0>] nfsd_unlink+0x90/0x2d0\n")
	stuck.Kind, stuck.Detector = kernelreport.KindHungTask, verdict.Khungtaskd
	v := verdict.Decide(verdict.Observations{Operations: 1, Reports: []kernelreport.Report{stalled, stuck}})
	assert.Equal(t, stuck.Title, v.Title)
	assert.Equal(t, []string{verdict.StallWatch, verdict.Khungtaskd}, v.Detectors)
}

// A function that ran for another caller proves nothing about the path in question.
func TestTheWrongPathIsInconclusive(t *testing.T) {
	o := good()
	o.Below = []string{"_pnfs_return_layout", "nfs4_evict_inode"}
	o.Exercised, o.Elsewhere = 0, 30
	assert.Equal(t, "not exercised: pnfs_send_layoutreturn was called only on other paths, not below _pnfs_return_layout < nfs4_evict_inode", verdict.Decide(o).Reason)
	o.Exercised, o.Landed, o.LandedElsewhere = 5, 0, 12
	v := verdict.Decide(o)
	assert.Equal(t, verdict.Inconclusive, v.Kind)
	assert.Equal(t, "fault did not land on the path: only in calls on other paths", v.Reason)
	o.Landed = 1
	assert.Equal(t, verdict.Clean, verdict.Decide(o).Kind)
}

// A hang is what outlives its load.
func TestWhatComesBackWithoutLoadIsAStall(t *testing.T) {
	o := good()
	o.Reports = []kernelreport.Report{seen(kernelreport.KindProcStack, verdict.TaskWatch)}
	assert.Equal(t, verdict.Hang, verdict.Decide(o).Kind, "of an older trial nobody knows more")
	for how, want := range map[string]verdict.Kind{verdict.Proven: verdict.Hang, verdict.Outlived: verdict.Hang, verdict.Back: verdict.Stall} {
		o.Confirmed = &verdict.Confirmation{How: how}
		v := verdict.Decide(o)
		assert.Equal(t, want, v.Kind, how)
		assert.Equal(t, "proc_stack in f", v.Title, "a stall has a name, too")
		assert.Equal(t, []string{verdict.TaskWatch}, v.Detectors)
	}
	o.Reports = append(o.Reports, seen(kernelreport.KindOops, verdict.Console))
	assert.Equal(t, verdict.Crash, verdict.Decide(o).Kind, "a crash outranks a stall")
	o.Reports = nil
	assert.Equal(t, verdict.Clean, verdict.Decide(o).Kind)
}

// A guest that its host gives no time does not answer, and its workers get nowhere.
func TestAStallThatWasNotWatchedWithoutLoadIsNoFinding(t *testing.T) {
	o := good()
	o.Reports = []kernelreport.Report{seen(kernelreport.KindWorkloadStall, verdict.StallWatch)}
	assert.Equal(t, verdict.Hang, verdict.Decide(o).Kind)
	o.CutShort = "tasks: guest does not answer"
	v := verdict.Decide(o)
	assert.Equal(t, verdict.Inconclusive, v.Kind)
	assert.Equal(t, verdict.CutShort, v.Doubt)
	assert.Contains(t, v.Reason, "no task blocked")
	assert.Contains(t, v.Reason, o.CutShort)

	o.Reports = append(o.Reports, seen(kernelreport.KindProcStack, verdict.TaskWatch))
	assert.Equal(t, verdict.Hang, verdict.Decide(o).Kind, "a blocked task is evidence")
	o.Reports = o.Reports[:1]
	o.Confirmed = &verdict.Confirmation{How: verdict.Outlived}
	assert.Equal(t, verdict.Hang, verdict.Decide(o).Kind)
}

func TestConfirmationsInWords(t *testing.T) {
	for want, c := range map[string]verdict.Confirmation{
		"lasted 21 s, and then ended by itself":                                                                                     {How: verdict.Back, Lasted: 20.9},
		"lasted 23 s, and continued once the load was stopped":                                                                      {How: verdict.Back, Lasted: 23.4, Quiet: 3},
		"proven: after 8 s without load, nothing is left that could wake its tasks":                                                 {How: verdict.Proven, Quiet: 8},
		"outlived its load: still there after 8 s without load, and no timer is pending":                                            {How: verdict.Outlived, Quiet: 8},
		"outlived its load: still there after 60 s without load; the longest pending timer lasts 30 s: the server repeats a recall": {How: verdict.Outlived, Quiet: 60, Timer: "the server repeats a recall", Seconds: 30},
	} {
		assert.Equal(t, want, c.String())
	}
}
