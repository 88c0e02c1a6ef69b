package faults

import (
	"context"
	"fmt"
)

// FailPageAlloc fails allocations of pages made under one kernel function,
// those by which slab allocators get theirs included.
type FailPageAlloc struct {
	Function    string `json:"function" yaml:"function"`       // as in failslab
	Probability int    `json:"probability" yaml:"probability"` // in percent, drawn by the kernel
	Times       int    `json:"times" yaml:"times"`             // how often it happens at most; the fault then stops by itself
}

func (f FailPageAlloc) Describe() string {
	return fmt.Sprintf("fail_page_alloc: fail page allocations under %s, probability %d %%, at most %d times", f.Function, f.Probability, f.Times)
}

func (f FailPageAlloc) Arm(ctx context.Context, t Target) error {
	if err := failPageAlloc.there(ctx, t); err != nil {
		return err
	}
	fn, err := Function(ctx, t, f.Function)
	if err != nil {
		return fmt.Errorf("fail_page_alloc: %w", err)
	}
	if err := aimPages(ctx, t, fn.Start, fn.End); err != nil {
		return err
	}
	return failPageAlloc.fire(ctx, t, f.Probability, f.Times)
}

// aimPages lifts the exemptions: by default single pages, allocations that may
// sleep, and user memory do not fail.
func aimPages(ctx context.Context, t Target, start, end uint64) error {
	if err := failPageAlloc.aim(ctx, t, start, end); err != nil {
		return err
	}
	return failPageAlloc.set(ctx, t, "min-order", "0", "ignore-gfp-wait", "N", "ignore-gfp-highmem", "N")
}

func (f FailPageAlloc) Prove(ctx context.Context, t Target) (Proof, error) {
	return failPageAlloc.prove(ctx, t, f.Times)
}

func (f FailPageAlloc) Disarm(ctx context.Context, t Target) error {
	return failPageAlloc.cease(ctx, t)
}
