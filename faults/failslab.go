package faults

import (
	"context"
	"fmt"
)

// Failslab fails slab allocations made under one kernel function.
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

func (f Failslab) Describe() string {
	where := "allocations under " + f.Function
	if f.Call > 0 {
		where = fmt.Sprintf("slab allocation #%d of %s", f.Call, f.Function)
	}
	return fmt.Sprintf("failslab: fail %s, probability %d %%, at most %d times", where, f.Probability, f.Times)
}

// Arm aims failslab and only then gives it a probability.
func (f Failslab) Arm(ctx context.Context, t Target) error {
	if err := failslab.there(ctx, t); err != nil {
		return err
	}
	start, end, err := f.aim(ctx, t)
	if err != nil {
		return err
	}
	if err := aimSlab(ctx, t, start, end); err != nil {
		return err
	}
	return failslab.fire(ctx, t, f.Probability, f.Times)
}

// aimSlab lifts what spares allocations, beside aiming.
func aimSlab(ctx context.Context, t Target, start, end uint64) error {
	if err := failslab.aim(ctx, t, start, end); err != nil {
		return err
	}
	// Y, the default, spares every allocation that may sleep.
	return failslab.set(ctx, t, "ignore-gfp-wait", "N", "cache-filter", "N")
}

// aim gives the range that a return address on the stack must fall into.
func (f Failslab) aim(ctx context.Context, t Target) (start, end uint64, err error) {
	if f.Call > 0 {
		s, err := Site(ctx, t, f.Function, "", f.Call)
		if err != nil {
			return 0, 0, fmt.Errorf("failslab: %w", err)
		}
		return s.Return, s.Return + 1, nil
	}
	fn, err := Function(ctx, t, f.Function)
	if err != nil {
		return 0, 0, fmt.Errorf("failslab: %w", err)
	}
	return fn.Start, fn.End, nil
}

func (f Failslab) Prove(ctx context.Context, t Target) (Proof, error) {
	return failslab.prove(ctx, t, f.Times)
}

func (f Failslab) Disarm(ctx context.Context, t Target) error { return failslab.cease(ctx, t) }
