package faults

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"

	"loopfault/workloads/wire"
)

// attribute is one of the kernel's points of fault injection, by the name of its
// directory in debugfs (Documentation/fault-injection).
type attribute struct{ name, config string }

var (
	failslab      = attribute{"failslab", "CONFIG_FAILSLAB"}
	failPageAlloc = attribute{"fail_page_alloc", "CONFIG_FAIL_PAGE_ALLOC"}
	failSunrpc    = attribute{"fail_sunrpc", "CONFIG_FAIL_SUNRPC"}
)

// stackDepth is how many return addresses the filter looks at: as many as the
// kernel keeps (MAX_STACK_TRACE_DEPTH).
const stackDepth = 32

func (a attribute) file(knob string) string { return filepath.Join(wire.Debugfs, a.name, knob) }

// set writes knobs, given as names and values.
func (a attribute) set(ctx context.Context, t Target, pairs ...string) error {
	var ks []knob
	for i := 0; i < len(pairs); i += 2 {
		ks = append(ks, knob{a.file(pairs[i]), pairs[i+1]})
	}
	return set(ctx, t, ks)
}

// there returns an error unless the kernel has the attribute.
func (a attribute) there(ctx context.Context, t Target) error {
	if _, err := t.ReadFile(ctx, a.file("probability")); err != nil {
		return errors.Join(&Unsupported{
			Fault: a.name, Lacks: a.name + " directory in debugfs",
			Config: []string{a.config, "CONFIG_FAULT_INJECTION_DEBUG_FS"},
		}, err)
	}
	return nil
}

// aim limits it to calls below a range of code, without starting it.
func (a attribute) aim(ctx context.Context, t Target, start, end uint64) error {
	if err := a.there(ctx, t); err != nil {
		return err
	}
	if _, err := t.ReadFile(ctx, a.file("require-start")); err != nil {
		return errors.Join(&Unsupported{
			Fault: a.name, Lacks: "stack filter",
			Config: []string{"CONFIG_FAULT_INJECTION_STACKTRACE_FILTER"},
		}, err)
	}
	return a.set(ctx, t,
		"probability", "0",
		"stacktrace-depth", strconv.Itoa(stackDepth),
		"require-start", fmt.Sprintf("%#x", start),
		"require-end", fmt.Sprintf("%#x", end),
	)
}

// fire starts it, with a probability and a limit on the number of hits.
func (a attribute) fire(ctx context.Context, t Target, probability, times int) error {
	return a.set(ctx, t,
		"task-filter", "N",
		"interval", "1",
		"space", "0",
		"verbose", "1",
		"times", fmt.Sprint(times),
		"probability", fmt.Sprint(probability),
	)
}

// prove reads the hits off "times": dmesg lacks the hits of allocations with
// __GFP_NOWARN, such as all of kworkers'.
func (a attribute) prove(ctx context.Context, t Target, times int) (Proof, error) {
	left, err := readInt(ctx, t, a.file("times"))
	if err != nil {
		return Proof{}, fmt.Errorf("%s: %w", a.name, err)
	}
	return Proof{
		Landed: int64(times) - left,
		Counts: map[string]int64{a.name + "/times": left},
	}, nil
}

// cease stops it; "times" stays readable for a last prove.
func (a attribute) cease(ctx context.Context, t Target) error {
	return a.set(ctx, t, "probability", "0")
}
