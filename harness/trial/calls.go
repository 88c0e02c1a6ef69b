package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"loopfault/faults"
	"loopfault/results/paths"
	"loopfault/workloads/wire"
)

// Names of the kprobe events that count calls of the target, and calls by the
// target that a fault makes fail.
const (
	probe       = "loopfault_target"
	failedProbe = "loopfault_failed"
)

const kprobes = wire.Tracefs + "/events/kprobes/"

// stackKeys are the triggers that count by stack: common_stacktrace has been the name
// of the key since 6.3, stacktrace before. The kernel's table holds 2048 stacks by
// default; a stack takes some 300 bytes.
var stackKeys = []string{"hist:keys=common_stacktrace:size=8192", "hist:keys=stacktrace:size=8192"}

// countCalls counts the calls of the target, by the stack that led to each, with a
// kprobe. Its counters do not depend on the trace buffer, which may overrun.
func (t *trial) countCalls(ctx context.Context) error {
	target := t.spec.Scenario.Target
	if target.Function == "" {
		return nil
	}
	syms, err := faults.Named(ctx, t.agent, target.Function)
	if err != nil {
		return err
	}
	if len(syms) == 0 {
		return &Unfit{Kernel: t.spec.Kernel.Name, Why: fmt.Sprintf("has no function %s, the scenario's target (not configured, or inlined)", strings.ReplaceAll(target.Function, "|", " or "))}
	}
	t.counted = syms[0].Name
	// The kernel cannot unwind from a probe that it has optimized into a jump.
	if err := t.agent.WriteFile(ctx, "/proc/sys/debug/kprobes-optimization", "0"); err != nil {
		t.history.add(entry{Type: "guest", What: "kprobes-optimization", Detail: err.Error()}) // CONFIG_OPTPROBES is off
	}
	if err := t.agent.WriteFile(ctx, wire.Tracefs+"/kprobe_events", "p:"+probe+" "+t.counted); err != nil {
		return fmt.Errorf("count calls of %s: %w", t.counted, err)
	}
	if err := t.countStacks(ctx, probe, ""); err != nil {
		if len(target.Below) > 0 {
			return &Unfit{Kernel: t.spec.Kernel.Name, Why: "cannot count calls by stack (needs CONFIG_HIST_TRIGGERS, CONFIG_STACKTRACE): " + err.Error()}
		}
		t.history.add(entry{Type: "guest", What: "no count by path", Detail: err.Error()})
	}
	// Whole stacks, in order, are useful but optional (CONFIG_STACKTRACE).
	if err := t.agent.WriteFile(ctx, kprobes+probe+"/trigger", "stacktrace"); err != nil {
		t.history.add(entry{Type: "guest", What: "no stacks of calls", Detail: err.Error()})
	}
	if err := t.agent.WriteFile(ctx, kprobes+probe+"/enable", "1"); err != nil {
		return fmt.Errorf("count calls of %s: %w", t.counted, err)
	}
	return t.countFailed(ctx)
}

// countStacks counts an event by stack, if it passes a filter.
func (t *trial) countStacks(ctx context.Context, event, filter string) (err error) {
	for _, key := range stackKeys {
		if filter != "" {
			key += " if " + filter
		}
		if err = t.agent.WriteFile(ctx, kprobes+event+"/trigger", key); err == nil {
			return nil
		}
	}
	return err
}

// countFailed counts by stack how often a call in the target returned the fault's
// result, whatever the backend: a probe is set after the call. An allocation that
// failed without any fault is counted as well.
func (t *trial) countFailed(ctx context.Context) error {
	for _, f := range t.spec.Scenario.Faults {
		at, ok := f.FailedCall()
		if !ok || at.Function != t.spec.Scenario.Target.Function {
			continue
		}
		site, err := faults.Site(ctx, t.agent, at.Function, at.Callee, at.Call)
		if err != nil {
			return &Unfit{Kernel: t.spec.Kernel.Name, Why: err.Error()}
		}
		fn, err := faults.Function(ctx, t.agent, at.Function)
		if err != nil {
			return err
		}
		event := fmt.Sprintf("%s_%d", failedProbe, len(t.failed))
		define := fmt.Sprintf("p:%s %s+%#x ret=%%ax:s64", event, at.Function, site.Return-fn.Start)
		if err := t.agent.WriteFile(ctx, wire.Tracefs+"/kprobe_events", define); err != nil {
			return fmt.Errorf("count failures of %s in %s: %w", site, at.Function, err)
		}
		if err := t.countStacks(ctx, event, fmt.Sprintf("ret == %d", -at.Errno)); err != nil {
			t.history.add(entry{Type: "guest", What: "no count of failures by path", Detail: err.Error()})
			continue
		}
		t.failed = append(t.failed, event)
	}
	return nil
}

// proveCalls reads the counters of the target. If the scenario has a path, only faults
// that landed on it count: the faults' own counts were read before. Calls go on while it
// reads: failures are read first, so that each has its call among those read after it.
func (t *trial) proveCalls(ctx context.Context) error {
	target := t.spec.Scenario.Target
	if target.Function == "" {
		return nil
	}
	var landed []paths.Stack
	var failures error
	for _, event := range t.failed {
		h, err := t.stacksOf(ctx, event)
		landed, failures = append(landed, h.Stacks...), errors.Join(failures, err)
	}
	t.result.Target = t.counted
	calls, err := t.stacksOf(ctx, probe)
	if err == nil {
		t.count(calls, landed)
		return failures
	}
	if len(target.Below) > 0 { // no other counter tells the ways apart
		return errors.Join(failures, err)
	}
	t.history.add(entry{Type: "guest", What: "no count by path", Detail: err.Error()})
	profile, err := t.agent.ReadFile(ctx, wire.Tracefs+"/kprobe_profile")
	t.result.Exercised = probeHits(profile)
	return errors.Join(failures, err)
}

// count makes the trial's counts of one reading of the calls, and of those in which a
// fault landed.
func (t *trial) count(calls paths.Histogram, landed []paths.Stack) {
	target := t.spec.Scenario.Target
	t.result.Paths = paths.Tally(t.counted, target.Paths, calls.Stacks, landed)
	if calls.Dropped > 0 { // the kernel's table was full
		other := t.result.Paths[paths.Other]
		t.result.Paths[paths.Other] = paths.Count{Calls: other.Calls + calls.Dropped, Landed: other.Landed}
	}
	t.result.Exercised = paths.Sum(calls.Stacks) + calls.Dropped
	if len(target.Below) == 0 {
		return
	}
	all := t.result.Exercised
	t.result.Exercised = paths.Taken(t.counted, target.Below, calls.Stacks)
	t.result.Elsewhere = all - t.result.Exercised
	if len(t.failed) > 0 {
		t.result.Landed = paths.Taken(t.counted, target.Below, landed)
		t.result.LandedElsewhere = paths.Sum(landed) - t.result.Landed
	}
}

// stacksOf reads an event's counts by stack, and saves them as evidence.
func (t *trial) stacksOf(ctx context.Context, event string) (paths.Histogram, error) {
	text, err := t.agent.ReadFile(ctx, kprobes+event+"/hist")
	if err != nil {
		return paths.Histogram{}, err
	}
	if text == "" {
		return paths.Histogram{}, fmt.Errorf("event %s has no trigger that counts by stack", event)
	}
	name := "calls.txt"
	if event != probe {
		name = strings.TrimPrefix(event, "loopfault_") + ".txt"
	}
	if err := os.WriteFile(t.evidencePath(name), []byte(text), 0o644); err != nil {
		return paths.Histogram{}, err
	}
	h := paths.ReadHistogram(text)
	if h.Dropped > 0 {
		t.history.add(entry{Type: "guest", What: "calls without a stack", Detail: fmt.Sprintf("%s: %d", event, h.Dropped)})
	}
	return h, nil
}

// probeHits reads our line of kprobe_profile: name, hits, misses.
func probeHits(profile string) int64 {
	for line := range strings.Lines(profile) {
		f := strings.Fields(line)
		if len(f) == 3 && f[0] == probe {
			n, _ := strconv.ParseInt(f[1], 10, 64)
			return n
		}
	}
	return 0
}
