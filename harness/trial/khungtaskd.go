package trial

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"loopfault/results/kernelreport"
	"loopfault/results/verdict"
)

// wakeKhungtaskd sets the kernel's hung-task detector to our budgets. Without
// warnings=-1 it goes quiet after ten tasks. A kernel without it is watched by
// the task watch alone.
func (t *trial) wakeKhungtaskd(ctx context.Context) error {
	if _, err := t.agent.ReadFile(ctx, sysctlKernel+"hung_task_warnings"); errors.Is(err, fs.ErrNotExist) {
		t.history.add(entry{Type: "guest", What: "no khungtaskd", Detail: err.Error()})
		return nil
	}
	for _, k := range [][2]string{
		{"hung_task_warnings", "-1"},
		{hungTaskTimeout, seconds(t.budgets.HungTask)},
		{"hung_task_check_interval_secs", seconds(t.budgets.HungCheck)},
	} {
		if err := t.agent.WriteFile(ctx, sysctlKernel+k[0], k[1]); err != nil {
			return fmt.Errorf("set %s: %w", k[0], err)
		}
	}
	return nil
}

// hurryKhungtaskd has the kernel's detector report what sleeps on without load now, in its own words, and does not wait for what
// may sleep under load: by then a hang may have been proven. What it reports from then on counts only if the task watch agrees.
func (t *trial) hurryKhungtaskd(ctx context.Context) error {
	t.detectors.hurried = t.detectors.size
	err := t.agent.WriteFile(ctx, sysctlKernel+hungTaskTimeout, seconds(t.budgets.Suspect))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // this kernel has no such detector
	}
	return err
}

const (
	sysctlKernel    = "/proc/sys/kernel/"
	hungTaskTimeout = "hung_task_timeout_secs"
)

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// byKhungtaskd reports that a report is one of the kernel's hung-task detector, and counts.
func byKhungtaskd(r kernelreport.Report) bool {
	return r.Kind == kernelreport.KindHungTask && r.Detector == verdict.Khungtaskd
}

// hungOnConsole is how many such reports the console has.
func (d *detectors) hungOnConsole() (n int) {
	for _, r := range d.console {
		if byKhungtaskd(r) {
			n++
		}
	}
	return n
}

// doubtConsole withdraws them: they prove a hang only if the task watch agrees.
func (d *detectors) doubtConsole() {
	for i := range d.console {
		if r := &d.console[i]; byKhungtaskd(*r) {
			r.Detector = verdict.Doubtful
		}
	}
}

// slept is for how long the task of a report had slept, in seconds; 0 if it does not say.
func slept(r kernelreport.Report) float64 {
	if len(r.Tasks) == 0 || r.Tasks[0].BlockedSeconds == nil {
		return 0
	}
	return float64(*r.Tasks[0].BlockedSeconds)
}

// unresolved says why a trial must not end yet: a detector has named a hang, and it is not
// known whether that lasts.
func (d *detectors) unresolved() string {
	if d.firstHang == 0 {
		return ""
	}
	return "a hang was reported that may end by itself"
}

// finalDoubt is for a trial that came to its end with nothing hung: what the kernel's
// detector printed after the last sample of the task watch cannot be confirmed any more.
func (d *detectors) finalDoubt(h *history) {
	if d.hungOnConsole() == 0 {
		return
	}
	h.add(entry{T: d.last, Type: "blocked", What: "not confirmed", Detail: "the trial ended when the kernel's detector had just reported it"})
	d.doubtConsole()
	d.firstHang, d.hangSince = 0, 0
}
