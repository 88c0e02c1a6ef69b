package faults

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"loopfault/workloads/wire"
)

// CallSite is one call instruction of a kernel function.
type CallSite struct {
	Callee string // the called symbol
	Call   uint64 // address of the instruction
	Return uint64 // address after it, as it stands on the stack
}

// allocators are how names of slab allocators begin, over the kernel's
// renames: kmem_cache_alloc_trace (5.x), kmalloc_trace (6.1),
// __kmalloc_cache_noprof (6.10). The k?alloc ones are inline functions of which
// kernels optimized for size keep copies out of line.
var allocators = []string{
	"__kmalloc", "kmalloc", "kzalloc", "kcalloc", "kmemdup",
	"__kvmalloc", "kvmalloc", "kvzalloc",
	"kmem_cache_alloc", "kmem_cache_zalloc",
}

// function finds the one symbol of a name.
func function(ctx context.Context, t Target, name string) (wire.Symbol, error) {
	syms, err := t.Symbols(ctx, wire.SymbolQuery{Names: []string{name}})
	if err != nil {
		return wire.Symbol{}, fmt.Errorf("look up %s: %w", name, err)
	}
	switch len(syms) {
	case 0:
		return wire.Symbol{}, fmt.Errorf("this kernel has no function %s (not configured, in a module not loaded, or inlined)", name)
	case 1:
		return syms[0], nil
	}
	return wire.Symbol{}, fmt.Errorf("this kernel has %d functions named %s", len(syms), name)
}

// AllocCalls lists the calls that fn itself makes to slab allocators, in
// address order, by disassembling the running kernel's text.
func AllocCalls(ctx context.Context, t Target, fn wire.Symbol) ([]CallSite, error) {
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
	for i, c := range calls {
		if syms[i].Start == c.target && isAllocator(syms[i].Name) {
			sites = append(sites, CallSite{Callee: syms[i].Name, Call: c.at, Return: c.next})
		}
	}
	return sites, nil
}

func isAllocator(name string) bool {
	for _, prefix := range allocators {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

type directCall struct{ at, next, target uint64 }

// directCalls walks x86-64 code from its start. Bytes it cannot decode are
// skipped one at a time; the compiler's own output has none inside a function.
func directCalls(text []byte, base uint64) []directCall {
	var calls []directCall
	for off := 0; off < len(text); {
		at := base + uint64(off)
		inst, err := x86asm.Decode(text[off:], 64)
		if err != nil || inst.Len == 0 {
			off++
			continue
		}
		off += inst.Len
		if rel, ok := inst.Args[0].(x86asm.Rel); ok && inst.Op == x86asm.CALL {
			next := at + uint64(inst.Len)
			calls = append(calls, directCall{at: at, next: next, target: next + uint64(int64(rel))})
		}
	}
	return calls
}
