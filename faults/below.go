package faults

import (
	"context"
	"fmt"
	"strings"

	"loopfault/workloads/wire"
)

// Copies lists the symbols that hold a function's code, none if the kernel does not have
// it: compilers split and clone functions, and add suffixes to the name.
func Copies(ctx context.Context, t Target, function string) ([]wire.Symbol, error) {
	names := []string{function}
	for _, ending := range []string{"part", "isra", "constprop"} {
		for n := range 3 {
			names = append(names, fmt.Sprintf("%s.%s.%d", function, ending, n))
		}
	}
	syms, err := t.Symbols(ctx, wire.SymbolQuery{Names: names})
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", function, err)
	}
	return syms, nil
}

// way is the functions that must be on the stack below a call, each as the ranges of its code.
type way [][]wire.Symbol

func findWay(ctx context.Context, t Target, below []string) (w way, err error) {
	for _, either := range below {
		var step []wire.Symbol
		var failed error
		for f := range strings.SplitSeq(either, "|") {
			syms, err := Copies(ctx, t, f)
			if err == nil && len(syms) == 0 {
				err = fmt.Errorf("this kernel has no function %s (not configured, in a module not loaded, or inlined)", f)
			}
			if err != nil {
				failed = err
				continue
			}
			step = append(step, syms...)
		}
		if len(step) == 0 {
			return nil, failed
		}
		w = append(w, step)
	}
	return w, nil
}

// taken reports whether return addresses, the innermost first, pass through the functions
// in order. Other functions may lie between them.
func (w way) taken(stack []uint64) bool {
	at := 0
	for _, addr := range stack {
		if at == len(w) {
			break
		}
		for _, s := range w[at] {
			if addr > s.Start && addr <= s.End {
				at++
				break
			}
		}
	}
	return at == len(w)
}

// slabChain is the functions on the stack between an allocation's caller and the
// kernel's stack filter (fail_stacktrace), from the allocator on. Compilers inline
// parts of it.
var slabChain = []string{"should_failslab|__should_failslab", "should_fail_ex|should_fail", "fail_stacktrace", "stack_trace_save"}

// filterDepth is how many return addresses failslab's filter has to check to reach the
// caller of the function with the failing call, and no frame further out. At that depth,
// a range of the caller's code selects calls of the function by direct caller.
func filterDepth(ctx context.Context, t Target, call CallSite) (int, error) {
	at, err := t.Symbols(ctx, wire.SymbolQuery{Addresses: []uint64{call.Target}})
	if err != nil || len(at) == 0 {
		return 0, fmt.Errorf("look up %s: %w", call.Callee, err)
	}
	depth := 0 // frames from the allocator's return address up to the filter's own
	for from := at[0]; ; {
		next, last, err := nextInChain(ctx, t, from)
		if err != nil {
			return 0, err
		}
		depth++
		if last {
			break
		}
		from = next
	}
	// The innermost frame is left out: stack_trace_save skips its caller. Two more are the
	// function's own frame and its caller's.
	return depth - 1 + 2, nil
}

// nextInChain finds the first function of the chain that another one calls.
func nextInChain(ctx context.Context, t Target, from wire.Symbol) (next wire.Symbol, last bool, err error) {
	calls, err := Calls(ctx, t, from)
	if err != nil {
		return next, false, err
	}
	for i := range slabChain {
		link := slabChain[len(slabChain)-1-i] // the innermost that it calls, else inlined functions would count
		for _, c := range calls {
			base, _, _ := strings.Cut(c.Callee, ".")
			for name := range strings.SplitSeq(link, "|") {
				if base == name {
					if name == "stack_trace_save" {
						return next, true, nil
					}
					found, err := t.Symbols(ctx, wire.SymbolQuery{Addresses: []uint64{c.Target}})
					if err != nil || len(found) == 0 {
						return next, false, fmt.Errorf("look up %s: %w", c.Callee, err)
					}
					return found[0], false, nil
				}
			}
		}
	}
	return next, false, fmt.Errorf("failslab: the way from %s to the kernel's stack filter is not understood, so a fault cannot be limited to one caller (--fault-backend callsite can)", from.Name)
}
