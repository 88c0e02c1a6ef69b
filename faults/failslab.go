package faults

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"loopfault/workloads/wire"
)

// Failslab fails slab allocations made under one kernel function, by the
// kernel's own fault injection (Documentation/fault-injection).
type Failslab struct {
	// Function under which allocations fail; its range comes from the guest's
	// kallsyms.
	Function string `json:"function" yaml:"function"`
	// Call narrows that to one call site: the n-th call (from 1) that the
	// function itself makes to a slab allocator. 0: any allocation below it.
	Call int `json:"call,omitempty" yaml:"call,omitempty"`
	// Probability in percent, drawn by the kernel.
	Probability int `json:"probability" yaml:"probability"`
	// Times is after how many hits it stops by itself.
	Times int `json:"times" yaml:"times"`
}

const failslabDir = wire.Debugfs + "/failslab"

// stackDepth is how many return addresses the filter looks at: all the kernel
// keeps (MAX_STACK_TRACE_DEPTH).
const stackDepth = "32"

func (f Failslab) Describe() string {
	where := "allocations under " + f.Function
	if f.Call > 0 {
		where = fmt.Sprintf("slab allocation #%d of %s", f.Call, f.Function)
	}
	return fmt.Sprintf("failslab: fail %s, probability %d %%, at most %d times", where, f.Probability, f.Times)
}

// Arm aims failslab and only then gives it a probability.
func (f Failslab) Arm(ctx context.Context, t Target) error {
	if _, err := t.ReadFile(ctx, filepath.Join(failslabDir, "probability")); err != nil {
		return errors.Join(&Unsupported{
			Fault: "failslab", Lacks: "failslab directory in debugfs",
			Config: []string{"CONFIG_FAILSLAB", "CONFIG_FAULT_INJECTION_DEBUG_FS"},
		}, err)
	}
	if _, err := t.ReadFile(ctx, filepath.Join(failslabDir, "require-start")); err != nil {
		return errors.Join(&Unsupported{
			Fault: "failslab", Lacks: "stack filter",
			Config: []string{"CONFIG_FAULT_INJECTION_STACKTRACE_FILTER"},
		}, err)
	}
	start, end, err := f.aim(ctx, t)
	if err != nil {
		return err
	}
	return set(ctx, t, failslabKnobs(
		"probability", "0",
		"stacktrace-depth", stackDepth,
		"require-start", fmt.Sprintf("%#x", start),
		"require-end", fmt.Sprintf("%#x", end),
		// Y, the default, spares every allocation that may sleep.
		"ignore-gfp-wait", "N",
		"cache-filter", "N",
		"task-filter", "N",
		"interval", "1",
		"space", "0",
		"verbose", "1",
		"times", fmt.Sprint(f.Times),
		"probability", fmt.Sprint(f.Probability),
	))
}

// aim gives the range that a return address on the stack must fall into.
func (f Failslab) aim(ctx context.Context, t Target) (start, end uint64, err error) {
	fn, err := function(ctx, t, f.Function)
	if err != nil {
		return 0, 0, fmt.Errorf("failslab: %w", err)
	}
	if f.Call == 0 {
		return fn.Start, fn.End, nil
	}
	sites, err := AllocCalls(ctx, t, fn)
	if err != nil {
		return 0, 0, fmt.Errorf("failslab: %w", err)
	}
	if f.Call > len(sites) {
		return 0, 0, fmt.Errorf("failslab: %s calls slab allocators %d times itself, there is no call %d", f.Function, len(sites), f.Call)
	}
	ret := sites[f.Call-1].Return
	return ret, ret + 1, nil
}

// Prove reads the hits off "times": dmesg misses those of allocations that
// carry __GFP_NOWARN, as all of kworkers' do.
func (f Failslab) Prove(ctx context.Context, t Target) (Proof, error) {
	left, err := readInt(ctx, t, filepath.Join(failslabDir, "times"))
	if err != nil {
		return Proof{}, fmt.Errorf("failslab: %w", err)
	}
	return Proof{
		Landed: int64(f.Times) - left,
		Counts: map[string]int64{"failslab/times": left},
	}, nil
}

// Disarm stops the faults; "times" stays readable for a last Prove.
func (f Failslab) Disarm(ctx context.Context, t Target) error {
	return set(ctx, t, failslabKnobs("probability", "0"))
}

func failslabKnobs(pairs ...string) []knob {
	var ks []knob
	for i := 0; i < len(pairs); i += 2 {
		ks = append(ks, knob{filepath.Join(failslabDir, pairs[i]), pairs[i+1]})
	}
	return ks
}
