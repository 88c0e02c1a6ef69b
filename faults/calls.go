package faults

import (
	"context"
	"fmt"
	"strings"

	"loopfault/workloads/wire"
)

// CallSite is one call instruction of a kernel function.
type CallSite struct {
	Callee string // the called symbol
	Name   string // as the source has it, as far as the code shows: kzalloc for an inlined one
	Alloc  bool   // calls a slab allocator
	N      int    // among the function's allocations, or among its calls of this callee; from 1
	Call   uint64 // address of the instruction
	Return uint64 // address after it, as found on the stack
	Target uint64 // address of the callee
}

func (c CallSite) String() string { return fmt.Sprintf("%s #%d", c.Name, c.N) }

// Named finds all symbols of a name; "a|b" is b in kernels that have no a.
func Named(ctx context.Context, t Target, name string) ([]wire.Symbol, error) {
	for either := range strings.SplitSeq(name, "|") {
		syms, err := t.Symbols(ctx, wire.SymbolQuery{Names: []string{either}})
		if err != nil {
			return nil, fmt.Errorf("look up %s: %w", either, err)
		}
		if len(syms) > 0 {
			return syms, nil
		}
	}
	return nil, nil
}

// Function finds the one symbol of a name, which is as for Named.
func Function(ctx context.Context, t Target, name string) (wire.Symbol, error) {
	syms, err := Named(ctx, t, name)
	switch {
	case err != nil:
		return wire.Symbol{}, err
	case len(syms) == 0:
		return wire.Symbol{}, fmt.Errorf("this kernel has no function %s (not configured, in a module not loaded, or inlined)",
			strings.ReplaceAll(name, "|", " or "))
	case len(syms) > 1:
		return wire.Symbol{}, fmt.Errorf("this kernel has %d functions named %s", len(syms), syms[0].Name)
	}
	return syms[0], nil
}

// Calls lists the calls of fixed targets that fn itself makes, in address order, by
// disassembling the running kernel's text.
func Calls(ctx context.Context, t Target, fn wire.Symbol) ([]CallSite, error) {
	text, err := t.Text(ctx, fn.Start, fn.End)
	if err != nil {
		return nil, fmt.Errorf("read the code of %s: %w", fn.Name, err)
	}
	calls := directCalls(text, fn.Start)
	if len(calls) == 0 {
		return nil, nil
	}
	var targets []uint64
	for _, c := range calls {
		targets = append(targets, c.target)
	}
	syms, err := t.Symbols(ctx, wire.SymbolQuery{Addresses: targets})
	if err != nil {
		return nil, fmt.Errorf("name the callees of %s: %w", fn.Name, err)
	}
	if len(syms) != len(calls) {
		return nil, fmt.Errorf("asked for the names of %d callees of %s, got %d", len(calls), fn.Name, len(syms))
	}
	var sites []CallSite
	counts := map[string]int{}
	for i, c := range calls {
		if syms[i].Start != c.target {
			continue // a target inside a symbol is part of the function itself
		}
		site := CallSite{Callee: syms[i].Name, Call: c.at, Return: c.next, Target: c.target}
		site.Name, site.Alloc = sourceName(site.Callee, c)
		kind := site.Callee
		if site.Alloc {
			kind = ""
		}
		counts[kind]++
		site.N = counts[kind]
		sites = append(sites, site)
	}
	return sites, nil
}

// Site finds the n-th call that a function makes to callee, or to any slab allocator if
// that is "". Names separated by "|" are alternatives, since some kernels inline a
// callee: the first that the function calls is used. Without such a call the error is
// *Unsupported.
func Site(ctx context.Context, t Target, name, callee string, n int) (CallSite, error) {
	fn, err := Function(ctx, t, name)
	if err != nil {
		return CallSite{}, err
	}
	sites, err := Calls(ctx, t, fn)
	if err != nil {
		return CallSite{}, err
	}
	what, most := "a slab allocator", 0
	if callee != "" {
		what = strings.ReplaceAll(callee, "|", " or ")
	}
	for either := range strings.SplitSeq(callee, "|") {
		found := 0
		for _, s := range sites {
			if either == "" && !s.Alloc || either != "" && either != s.Callee {
				continue
			}
			if found++; found == n {
				s.N = n
				return s, nil
			}
		}
		most = max(most, found)
	}
	return CallSite{}, &Unsupported{Fault: name, Lacks: fmt.Sprintf("call %d of it to %s: it makes %d itself (inlined, or another version?)", n, what, most)}
}
