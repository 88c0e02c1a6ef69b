package faults

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

// LayoutgetReply is the function of knfsd that writes replies to LAYOUTGET.
const LayoutgetReply = "nfsd4_encode_layoutget"

// wireTrue is XDR's true, 1 in network order, as a little-endian machine stores it.
const wireTrue = 0x01000000

// ReturnOnClose finds the byte in the running kernel that makes every LAYOUTGET reply ask
// for return-on-close; writing 0 there stops that. The kernel has no variable for it: it
// is a constant in the code of the function that writes the reply.
func ReturnOnClose(ctx context.Context, t Target) (addr uint64, err error) {
	fn, err := Function(ctx, t, LayoutgetReply)
	if err != nil {
		return 0, err
	}
	text, err := t.Text(ctx, fn.Start, fn.End)
	if err != nil {
		return 0, fmt.Errorf("read the code of %s: %w", fn.Name, err)
	}
	calls, err := Calls(ctx, t, fn)
	if err != nil {
		return 0, err
	}
	encoders := map[uint64]bool{} // functions that write a boolean, where that is not inlined
	for _, c := range calls {
		if strings.HasPrefix(c.Callee, "nfsd4_encode_bool") || strings.HasPrefix(c.Callee, "xdr_stream_encode_bool") {
			encoders[c.Call] = true
		}
	}
	off, err := firstTrue(text, func(off int) bool { return encoders[fn.Start+uint64(off)] })
	if err != nil {
		return 0, fmt.Errorf("%s: %w", fn.Name, err)
	}
	return fn.Start + uint64(off), nil
}

var errNoTrue = errors.New("stores no constant that could be return-on-close")

// firstTrue finds the first boolean that x86-64 code writes into a reply: the constant
// of a store, or the one that it passes to a function which does that. It returns the
// offset in the code of the constant's byte that is 1.
func firstTrue(text []byte, encodes func(off int) bool) (off int, err error) {
	passed := -1
	for at := 0; at < len(text); {
		inst, err := x86asm.Decode(text[at:], 64)
		if err != nil || inst.Len == 0 {
			at++
			continue
		}
		end := at + inst.Len
		switch inst.Op {
		case x86asm.MOV:
			imm, isImm := inst.Args[1].(x86asm.Imm)
			_, stores := inst.Args[0].(x86asm.Mem)
			if isImm && stores && imm == wireTrue && binary.LittleEndian.Uint32(text[end-4:]) == wireTrue {
				return end - 1, nil
			}
			if reg, ok := inst.Args[0].(x86asm.Reg); ok && isImm && reg == x86asm.ESI && imm == 1 {
				passed = end - 4
			}
		case x86asm.CALL:
			if encodes(at) && passed >= 0 {
				return passed, nil
			}
			passed = -1
		}
		at = end
	}
	return 0, errNoTrue
}
