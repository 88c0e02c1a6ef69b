package faults

import (
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

// allocators are the prefixes of slab allocators' names, across the kernel's
// renames: kmem_cache_alloc_trace (5.x), kmalloc_trace (6.1),
// __kmalloc_cache_noprof (6.10). The k?alloc ones are inline functions that
// kernels optimized for size keep out of line.
var allocators = []string{
	"__kmalloc", "kmalloc", "kzalloc", "kcalloc", "kmemdup",
	"__kvmalloc", "kvmalloc", "kvzalloc",
	"kmem_cache_alloc", "kmem_cache_zalloc",
}

func isAllocator(name string) bool {
	for _, prefix := range allocators {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// gfpZero is __GFP_ZERO, the same bit since 4.x.
const gfpZero = 0x100

// sourceName says what the source calls: kmalloc and kzalloc are inline functions
// around the same symbols and differ in one flag. The flags are the second
// argument (__kmalloc_cache(cache, flags, size), kmem_cache_alloc(cache, flags))
// or the third (kmem_cache_alloc_lru).
func sourceName(callee string, c directCall) (name string, alloc bool) {
	if !isAllocator(callee) {
		return callee, false
	}
	flags := c.args[x86asm.ESI]
	if strings.Contains(callee, "_lru") {
		flags = c.args[x86asm.EDX]
	}
	cache := strings.HasPrefix(callee, "kmem_cache_alloc") && !strings.Contains(callee, "_trace")
	virtual := strings.Contains(callee, "kvmalloc") || strings.HasPrefix(callee, "kvzalloc")
	plain, zeroed := "kmalloc", "kzalloc"
	switch {
	case cache:
		plain, zeroed = "kmem_cache_alloc", "kmem_cache_zalloc"
	case virtual:
		plain, zeroed = "kvmalloc", "kvzalloc"
	case !strings.Contains(callee, "kmalloc") && !strings.Contains(callee, "_trace"):
		name, _, _ = strings.Cut(callee, "_noprof") // out of line, under its own name
		return name, true
	}
	if flags&gfpZero != 0 {
		return zeroed, true
	}
	return plain, true
}

// directCall is a call of a fixed target, with the constants last loaded into
// registers since the previous call.
type directCall struct {
	at, next, target uint64
	args             map[x86asm.Reg]int64
}

// directCalls walks x86-64 code from its start. Bytes it cannot decode are
// skipped one at a time; the compiler's own output has none inside a function.
func directCalls(text []byte, base uint64) []directCall {
	var calls []directCall
	args := map[x86asm.Reg]int64{}
	for off := 0; off < len(text); {
		at := base + uint64(off)
		inst, err := x86asm.Decode(text[off:], 64)
		if err != nil || inst.Len == 0 {
			off++
			continue
		}
		off += inst.Len
		switch inst.Op {
		case x86asm.MOV, x86asm.ADD, x86asm.OR:
			// Computed flags end with an OR of those that are always set.
			reg, isReg := inst.Args[0].(x86asm.Reg)
			if imm, ok := inst.Args[1].(x86asm.Imm); ok && isReg {
				args[reg] = int64(imm)
			}
		case x86asm.CALL:
			if rel, ok := inst.Args[0].(x86asm.Rel); ok {
				next := at + uint64(inst.Len)
				calls = append(calls, directCall{at: at, next: next, target: next + uint64(int64(rel)), args: args})
			}
			args = map[x86asm.Reg]int64{}
		}
	}
	return calls
}
