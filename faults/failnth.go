package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
)

// FailNth lets tasks fail one allocation of their own exactly: who writes n to
// its /proc/thread-self/fail-nth fails the n-th slab or page allocation that it
// makes under a function. It has no probability; nothing fails for who did not
// ask for it.
type FailNth struct {
	Function string `json:"function" yaml:"function"` // as in failslab
}

// nthTimes is more hits than there will be.
const nthTimes = 1 << 30

func (f FailNth) Describe() string {
	return fmt.Sprintf("fail_nth: tasks fail their n-th allocation under %s", f.Function)
}

func (f FailNth) Arm(ctx context.Context, t Target) error {
	for _, a := range []attribute{failslab, failPageAlloc} {
		if err := a.there(ctx, t); err != nil {
			return err
		}
	}
	fn, err := Function(ctx, t, f.Function)
	if err != nil {
		return fmt.Errorf("fail_nth: %w", err)
	}
	if err := ignoreSunrpc(ctx, t); err != nil {
		return err
	}
	// Hits are few and each is at another place, so the kernel logs the stack.
	// Tasks begin as soon as both are aimed, so the aiming comes last.
	return errors.Join(
		failslab.fire(ctx, t, 0, nthTimes), failslab.set(ctx, t, "verbose", "2"),
		failPageAlloc.fire(ctx, t, 0, nthTimes), failPageAlloc.set(ctx, t, "verbose", "2"),
		aimSlab(ctx, t, fn.Start, fn.End), aimPages(ctx, t, fn.Start, fn.End),
	)
}

// ignoreSunrpc keeps sunrpc's checks from counting: fail-nth counts every check
// whether to fail, and sunrpc makes one per request. A kernel without fail_sunrpc
// makes none.
func ignoreSunrpc(ctx context.Context, t Target) error {
	if failSunrpc.there(ctx, t) != nil {
		return nil
	}
	return spareSunrpc(ctx, t, true, true, true)
}

func (f FailNth) Prove(ctx context.Context, t Target) (Proof, error) {
	all := Proof{Counts: map[string]int64{}}
	for _, a := range []attribute{failslab, failPageAlloc} {
		p, err := a.prove(ctx, t, nthTimes)
		if err != nil {
			return Proof{}, err
		}
		all.Landed += p.Landed
		maps.Copy(all.Counts, p.Counts)
	}
	return all, nil
}

// Disarm sets a filter that no stack matches: fail-nth ignores the probability.
func (f FailNth) Disarm(ctx context.Context, t Target) error {
	return errors.Join(
		failslab.set(ctx, t, "stacktrace-depth", "0"),
		failPageAlloc.set(ctx, t, "stacktrace-depth", "0"),
	)
}
