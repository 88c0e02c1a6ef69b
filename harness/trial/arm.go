package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"loopfault/faults"
	"loopfault/harness/scenario"
	"loopfault/workloads/wire"
)

// armed is an armed fault or pressure, and which of the two it is.
type armed struct {
	fault faults.Fault
	kind  string // fault or pressure: only faults count as landed
}

// arm sets the counter of calls and the pressure, and launches the workers,
// which wait; faults are armed once the workers run, so that their set-up is
// not hit.
func (t *trial) arm(ctx context.Context) error {
	if err := t.during(ctx, t.budgets.Step, t.measureReference); err != nil {
		return err
	}
	if err := t.during(ctx, t.budgets.Step, t.locateText); err != nil {
		return err
	}
	if err := t.during(ctx, t.budgets.Step, t.sizeTrace); err != nil {
		return err
	}
	if err := t.during(ctx, t.budgets.Step, t.countCalls); err != nil {
		return err
	}
	if err := t.during(ctx, t.budgets.Step, t.recordEvents); err != nil {
		return err
	}
	if err := t.during(ctx, t.budgets.Step, t.observe); err != nil {
		return err
	}
	if err := t.armAll(ctx, t.pressure(), "pressure"); err != nil {
		return err
	}
	return t.during(ctx, t.budgets.Step, t.startWorkloads)
}

// pressure is the scenario's. With swap, its use is counted, whatever causes
// it.
func (t *trial) pressure() []scenario.Fault {
	list := t.spec.Scenario.Pressure
	counted := slices.ContainsFunc(list, func(f scenario.Fault) bool { return f.VM != nil })
	if t.spec.Scenario.Swap() > 0 && !counted {
		list = append(slices.Clone(list), scenario.Fault{VM: &faults.VM{}})
	}
	return list
}

func (t *trial) armAll(ctx context.Context, specs []scenario.Fault, kind string) error {
	return t.during(ctx, t.budgets.Step, func(ctx context.Context) error {
		if len(specs) == 0 {
			return nil
		}
		target, err := t.target(ctx)
		if err != nil {
			return err
		}
		for _, s := range specs {
			f := s.Fault()
			if drawn, ok := f.(faults.Seeded); ok {
				drawn.Seed(t.spec.Planned.Seed)
			}
			err := f.Arm(ctx, target)
			var lacks *faults.Unsupported
			if errors.As(err, &lacks) {
				return &Unfit{Kernel: t.spec.Kernel.Name, Why: lacks.Error()}
			}
			if err != nil {
				return fmt.Errorf("arm %s: %w", f.Describe(), err)
			}
			t.armed = append(t.armed, armed{f, kind})
			t.history.add(entry{Type: kind, What: "armed", Detail: f.Describe()})
		}
		return nil
	})
}

// locateText finds the kernel's load address, while the guest still answers.
func (t *trial) locateText(ctx context.Context) error {
	syms, err := t.agent.Symbols(ctx, wire.SymbolQuery{Names: []string{"_text"}})
	if err == nil && len(syms) > 0 {
		t.text = syms[0].Start
	}
	return err
}

// traceKiB is the trace buffer of each processor. As text it is some ten times
// that, of which the agent holds several copies while it is read: in a guest of
// 256 MiB the kernel's default size (1.4 MiB) got the agent OOM-killed.
const traceKiB = "256"

// sizeTrace limits the trace buffer to what a small guest can afford.
func (t *trial) sizeTrace(ctx context.Context) error {
	if err := t.agent.WriteFile(ctx, wire.Tracefs+"/buffer_size_kb", traceKiB); err != nil {
		t.history.add(entry{Type: "guest", What: "trace buffer", Detail: err.Error()})
	}
	return nil
}

// recordEvents turns the scenario's tracepoints on.
func (t *trial) recordEvents(ctx context.Context) error {
	for _, event := range t.spec.Scenario.Events {
		knob := wire.Tracefs + "/events/" + event + "/enable"
		if _, err := t.agent.ReadFile(ctx, knob); err != nil {
			return &Unfit{Kernel: t.spec.Kernel.Name, Why: fmt.Sprintf("has no tracepoint %s (not configured, or of another version)", event)}
		}
		if err := t.agent.WriteFile(ctx, knob, "1"); err != nil {
			return fmt.Errorf("record %s: %w", event, err)
		}
	}
	return nil
}

// prove reads all counters: calls of the target, hits of each fault.
func (t *trial) prove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.budgets.Step)
	defer cancel()
	var failed error
	if t.spec.Scenario.Target.Function != "" || len(t.spec.Scenario.Events) > 0 {
		trace, err := t.agent.ReadFile(ctx, wire.Tracefs+"/trace")
		failed = errors.Join(failed, err, os.WriteFile(t.evidencePath("trace.txt"), []byte(trace), 0o644))
	}
	t.result.Proofs = map[string]int64{}
	t.result.Landed = 0
	for _, a := range t.armed {
		p, err := a.fault.Prove(ctx, t.agent)
		failed = errors.Join(failed, err)
		if a.kind == "fault" {
			t.result.Landed += p.Landed
		}
		if p.Schedule != "" {
			t.result.Schedule = p.Schedule
		}
		for name, n := range p.Counts {
			t.result.Proofs[name] = n
		}
		t.history.add(entry{Type: a.kind, What: "proof", Detail: a.fault.Describe(), Data: p})
	}
	failed = errors.Join(failed, t.proveCalls(ctx), t.proveObserved(ctx))
	t.detectors.recovery.prove(&t.result)
	return failed
}
