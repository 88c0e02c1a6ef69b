package trial

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/timeouts"
	"loopfault/results/kernelreport"
	"loopfault/results/verdict"
	"loopfault/workloads/wire"
)

// hungUmount is what khungtaskd prints of the task of oneSleeper.
const hungUmount = `[  111.000000] INFO: task umount:7 blocked for more than 10 seconds.
[  111.000001]       Not tainted 6.12.118 #1
[  111.000002] task:umount          state:D stack:0     pid:7   tgid:7   ppid:1      flags:0x00004002
[  111.000003] Call Trace:
[  111.000004]  <TASK>
[  111.000005]  __schedule+0x58c/0x5c6
[  111.000006]  schedule+0x2f/0x47
[  111.000011]  nfs4_evict_inode+0x6d/0x70
[  111.000013]  </TASK>
`

// asleepUntil are samples of a task that falls asleep at second 100 and is still asleep at
// the last second; none of them is old enough for the task watch to report it.
func asleepUntil(d *detectors, h *history, b timeouts.Timeouts, last int) {
	for s := 100; s <= last; s++ {
		d.sample(wire.Sample{Uptime: float64(s), Oldest: float64(s - 100), Asleep: 1}, h, b)
	}
}

// decide is the verdict of a trial that ran to its end.
func decide(d *detectors) verdict.Kind {
	return verdict.Decide(verdict.Observations{Operations: 1, Reports: d.reports()}).Kind
}

// The kernel's detector is content with a shorter sleep than the task watch. While it lasts
// the trial must not end, and if the task wakes it was no hang.
func TestSleepThatOnlyKhungtaskdCalledAHangIsForgiven(t *testing.T) {
	d, h, b := open(t)
	asleepUntil(d, h, b, 112)
	d.readConsole(printing([]byte(hungUmount)))
	assert.Equal(t, verdict.Hang, decide(d))
	assert.NotEmpty(t, d.unresolved())
	assert.InDelta(t, 102, d.hangSince, 0.1, "since it fell asleep, as far as the kernel knows")

	d.sample(wire.Sample{Uptime: 113, Oldest: 13, Asleep: 1}, h, b)
	assert.Equal(t, verdict.Hang, decide(d), "it sleeps on")
	d.sample(wire.Sample{Uptime: 114, Oldest: 1, Asleep: 2}, h, b)
	assert.Equal(t, verdict.Clean, decide(d))
	assert.Empty(t, d.unresolved())
	assert.Zero(t, d.firstHang)

	d.readConsole(printing([]byte(hungUmount + "[  115.0] more\n")))
	assert.Equal(t, verdict.Clean, decide(d), "a report that was forgiven stays so")
}

// A task may wake between the report of the kernel and the sample after it.
func TestReportOfATaskThatIsAwakeByThenIsForgiven(t *testing.T) {
	d, h, b := open(t)
	asleepUntil(d, h, b, 110)
	d.sample(wire.Sample{Uptime: 111.5}, h, b)
	d.readConsole(printing([]byte(hungUmount)))
	require.NotEmpty(t, d.unresolved())
	d.sample(wire.Sample{Uptime: 112.5}, h, b)
	assert.Empty(t, d.unresolved())
	assert.Equal(t, verdict.Clean, decide(d))
}

// What is printed after the last sample can be confirmed by nothing, but a task that sleeps
// on is a hang.
func TestReportAtTheVeryEndIsDoubted(t *testing.T) {
	d, h, b := open(t)
	asleepUntil(d, h, b, 110)
	d.readConsole(printing([]byte(hungUmount)))
	d.finalDoubt(h)
	assert.Equal(t, verdict.Clean, decide(d))
	assert.Zero(t, d.firstHang)

	d, h, b = open(t)
	asleepUntil(d, h, b, 115)
	d.readConsole(printing([]byte(hungUmount)))
	d.sample(oneSleeper(116, 0), h, b)
	v := verdict.Decide(verdict.Observations{Operations: 1, Reports: d.reports()})
	assert.Equal(t, verdict.Hang, v.Kind)
	assert.Equal(t, []string{verdict.TaskWatch, verdict.Khungtaskd}, v.Detectors)
}

// Once the load is gone khungtaskd reports sleeps that are young: a task that is slow and comes back is no hang, and a stalled
// workload is not called by the name of a task that slept for a moment.
func TestWhatAHurriedKhungtaskdReportsNeedsTheTaskWatch(t *testing.T) {
	hurried := func(blocked bool) (*detectors, *history) {
		d, h, b := open(t)
		asleepUntil(d, h, b, 105)
		d.readConsole(printing([]byte("[  100.0] before\n")))
		if blocked {
			d.block(105, wire.Blocked{PID: 7, Comm: "umount", State: "D", Since: 100, Seconds: 5, Stack: "[<0>] nfs4_evict_inode+0x6d/0x70\n"}, h)
		}
		d.relieved, d.hurried = true, d.size
		d.readConsole(printing([]byte("[  100.0] before\n" + hungUmount)))
		return d, h
	}
	d, _ := hurried(false)
	assert.Equal(t, verdict.Clean, decide(d))
	assert.Zero(t, d.firstHang)

	d.stalled = []string{"writer"}
	d.stalls = append(d.stalls, kernelreport.Report{Kind: kernelreport.KindWorkloadStall, Title: "INFO: writer stalled", Detector: verdict.StallWatch})
	v := verdict.Decide(verdict.Observations{Operations: 1, Reports: d.reports()})
	assert.Equal(t, []string{verdict.StallWatch}, v.Detectors)
	assert.Equal(t, "INFO: writer stalled", v.Title)

	d, _ = hurried(true)
	v = verdict.Decide(verdict.Observations{Operations: 1, Reports: d.reports()})
	assert.Equal(t, verdict.Hang, v.Kind)
	assert.Equal(t, []string{verdict.TaskWatch, verdict.Khungtaskd}, v.Detectors)
	d.blocked = nil // as overdue does with tasks that went on soon
	assert.Equal(t, verdict.Clean, decide(d))
}
