package faults

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Failslab fails slab allocations made under one kernel function.
type Failslab struct {
	// Function is the kernel function under which allocations fail. "a|b" means a or, in kernels that
	// have no a (it may be inlined into b there), b.
	Function string `json:"function" yaml:"function"`
	// Call narrows that to one call site: the n-th call (from 1) that the
	// function itself makes to a slab allocator. 0: any allocation below it.
	Call int `json:"call,omitempty" yaml:"call,omitempty"`
	// Below limits it to calls of the function from one other, the direct caller, and needs Call.
	// To choose by more of the stack, use the fault callsite.
	Below []string `json:"below,omitempty" yaml:"below,omitempty"`
	// Interval lets only every n-th of these fail, as in 3 for every third; 0 means all.
	Interval int `json:"interval,omitempty" yaml:"interval,omitempty"`
	// Probability is the chance of each of these, in percent, drawn by the kernel.
	Probability int `json:"probability" yaml:"probability"`
	// Times is how often it happens at most; the fault then stops by itself.
	Times int `json:"times" yaml:"times"`
}

func (f Failslab) Describe() string {
	function := strings.ReplaceAll(f.Function, "|", " or ")
	where := "allocations under " + function
	if f.Call > 0 {
		where = fmt.Sprintf("slab allocation #%d of %s", f.Call, function)
	}
	if len(f.Below) > 0 {
		where += " below " + strings.Join(f.Below, " < ")
	}
	s := fmt.Sprintf("failslab: fail %s, probability %d %%, at most %d times", where, f.Probability, f.Times)
	if f.Interval > 1 {
		s += fmt.Sprintf(", every %d.", f.Interval)
	}
	return s
}

// Arm aims failslab and only then gives it a probability.
func (f Failslab) Arm(ctx context.Context, t Target) error {
	if err := failslab.there(ctx, t); err != nil {
		return err
	}
	start, end, depth, err := f.aim(ctx, t)
	if err != nil {
		return err
	}
	if err := aimSlab(ctx, t, start, end); err != nil {
		return err
	}
	if err := failslab.set(ctx, t, "stacktrace-depth", strconv.Itoa(depth)); err != nil {
		return err
	}
	if err := failslab.fire(ctx, t, 0, f.Times); err != nil {
		return err
	}
	return failslab.set(ctx, t, "interval", strconv.Itoa(max(f.Interval, 1)), "probability", strconv.Itoa(f.Probability))
}

// aimSlab aims, and lifts the exemptions of allocations.
func aimSlab(ctx context.Context, t Target, start, end uint64) error {
	if err := failslab.aim(ctx, t, start, end); err != nil {
		return err
	}
	// Y, the default, spares every allocation that may sleep.
	return failslab.set(ctx, t, "ignore-gfp-wait", "N", "cache-filter", "N")
}

// aim returns the range that a return address on the stack must fall into, and how
// many addresses are checked.
func (f Failslab) aim(ctx context.Context, t Target) (start, end uint64, depth int, err error) {
	if f.Call == 0 {
		fn, err := Function(ctx, t, f.Function)
		if err != nil {
			return 0, 0, 0, fmt.Errorf("failslab: %w", err)
		}
		return fn.Start, fn.End, stackDepth, nil
	}
	s, err := Site(ctx, t, f.Function, "", f.Call)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("failslab: %w", err)
	}
	if len(f.Below) == 0 {
		return s.Return, s.Return + 1, stackDepth, nil
	}
	caller, err := findWay(ctx, t, f.Below)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("failslab: %w", err)
	}
	if len(caller) != 1 || len(caller[0]) != 1 {
		return 0, 0, 0, fmt.Errorf("failslab: the code of %s is not in one piece, so it cannot be limited to that", strings.Join(f.Below, ", "))
	}
	depth, err = filterDepth(ctx, t, s)
	return caller[0][0].Start, caller[0][0].End, depth, err
}

func (f Failslab) Prove(ctx context.Context, t Target) (Proof, error) {
	return failslab.prove(ctx, t, f.Times)
}

func (f Failslab) Disarm(ctx context.Context, t Target) error { return failslab.cease(ctx, t) }
