package faults

import (
	"context"
	"encoding/binary"

	"loopfault/workloads/wire"
)

// textRange is where the kernel's code is. Its zero value holds nothing.
type textRange struct{ start, end uint64 }

// modulesStart and modulesEnd bound where x86-64 puts modules, wherever the kernel is.
const modulesStart, modulesEnd = 0xffffffffc0000000, 0xffffffffff000000

func findText(ctx context.Context, t Target) (r textRange, err error) {
	syms, err := t.Symbols(ctx, wire.SymbolQuery{Names: []string{"_stext", "_etext"}})
	for _, s := range syms {
		if s.Name == "_stext" {
			r.start = s.Start
		} else {
			r.end = s.Start
		}
	}
	return r, err
}

func (r textRange) holds(addr uint64) bool {
	return addr >= r.start && addr < r.end || r.end != 0 && addr >= modulesStart && addr < modulesEnd
}

const (
	stackAlign  = 16 << 10 // THREAD_SIZE: a stack ends at a multiple of it
	stackLooked = 2 << 10  // how much of it is searched
	stackFrames = 16       // how many frames are wanted
	fewFrames   = 3        // a shorter chain is not frame pointers
)

// stackOf returns the callers' return addresses. Current kernels keep no frame
// pointers and unwind by internal tables: then any value that looks like a
// return address, with a call before it, counts as one.
func stackOf(p Processor, text textRange) (stack []uint64, guessed bool, err error) {
	regs, err := registers(p, "rsp", "rbp")
	if err != nil {
		return nil, false, err
	}
	sp, bp := regs[0], regs[1]
	end := sp&^uint64(stackAlign-1) + stackAlign
	b, err := p.Memory(sp, int(min(end-sp, stackLooked)))
	if err != nil {
		return nil, false, err
	}
	if stack = framePointers(b, sp, bp, text); len(stack) >= fewFrames {
		return stack, false, nil
	}
	stack = nil
	for at := 0; at+8 <= len(b) && len(stack) < stackFrames; at += 8 {
		addr := binary.LittleEndian.Uint64(b[at:])
		if !text.holds(addr) {
			continue
		}
		code, err := p.Memory(addr-callLength, callLength)
		if err == nil && code[0] == callOpcode {
			stack = append(stack, addr)
		}
	}
	return stack, true, nil
}

// A near call on x86: the opcode byte and a 4-byte displacement.
const callOpcode, callLength = 0xe8, 5

// framePointers follows frame pointers as long as they lead up the stack.
func framePointers(b []byte, sp, bp uint64, text textRange) (stack []uint64) {
	for bp >= sp && bp%8 == 0 && bp-sp+16 <= uint64(len(b)) && len(stack) < stackFrames {
		next, ret := binary.LittleEndian.Uint64(b[bp-sp:]), binary.LittleEndian.Uint64(b[bp-sp+8:])
		if !text.holds(ret) {
			break
		}
		stack = append(stack, ret)
		if next <= bp {
			break
		}
		bp = next
	}
	return stack
}
