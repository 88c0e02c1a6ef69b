package gdb

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// errNoRoom is the error of a call that cannot be diverted.
var errNoRoom = errors.New("the call cannot be diverted")

// Call is a direct call, five bytes of code.
type Call struct{ At, Target uint64 }

// diversion is a call redirected through a stub in memory that the kernel does not
// use. The stub reads a byte that no other code reads, under a watchpoint.
type diversion struct {
	call Call
	slot uint64 // address of the stub
	hit  Handler
}

// The stub of code: cmp %al, byte(%rip); jmp over nothing; jmp target; byte. A vCPU that
// has read the byte stops after the cmp; or, if QEMU just stopped another vCPU for the
// same reason, only at the end of its translation block, which the first jmp makes.
const (
	landing     = 6
	lateLanding = 8
	watched     = 13
	slotSize    = 14
)

// The stubs use the padding between the end of the code and the end of its page;
// depending on the kernel, _etext is before or after that.
const (
	pageSize   = 4096
	fillerInt3 = 0xcc // code that is never run
	fillerZero = 0    // behind all code
)

// BreakCall is Break for a call. In an emulated guest the call is diverted: QEMU checks
// its breakpoints on every lookup of translated code, which slows the whole guest, and
// flushes all translations when one is hit; it does neither for a watched byte. So
// until cleared, the call goes through a stub that reads one. textEnd is the end of the
// kernel's text: stubs go into the padding of that page; without padding this is Break.
// Either way the handler sees the vCPU at the call, and may not hold it.
func (s *Session) BreakCall(ctx context.Context, call Call, textEnd uint64, hit Handler) error {
	return s.while(ctx, func() error {
		if s.emulated {
			if err := s.divert(call, textEnd, hit); !errors.Is(err, errNoRoom) {
				return err
			}
		}
		return s.set(call.At, hit)
	})
}

func (s *Session) divert(call Call, end uint64, hit Handler) error {
	if s.handlers[call.At] != nil || s.diverted[call.At] != nil {
		return fmt.Errorf("there is a breakpoint at %#x already", call.At)
	}
	code, err := s.stub.memory(s.stub.threads[0], call.At, callSize)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoRoom, err)
	}
	if want, err := branch(opCall, call.At, call.Target); err != nil || !bytes.Equal(code, want) {
		return fmt.Errorf("%w: at %#x is % x, no call of %#x", errNoRoom, call.At, code, call.Target)
	}
	slot, err := s.slot(call, end)
	if err != nil {
		return err
	}
	there, err := branch(opCall, call.At, slot)
	if err != nil {
		return err
	}
	if err := s.stub.watchpoint(slot+watched, true); err != nil {
		return fmt.Errorf("%w: %w", errNoRoom, err)
	}
	s.diverted[call.At] = &diversion{call: call, slot: slot, hit: hit}
	return s.stub.setMemory(s.stub.threads[0], call.At, there)
}

// slot returns the stub for a call. It stays when the call is cleared, since a vCPU
// may be in it, and is reused.
func (s *Session) slot(call Call, end uint64) (uint64, error) {
	if slot := s.slots[call]; slot != 0 {
		return slot, nil
	}
	slot := (end+pageSize-1)&^(pageSize-1) - uint64(len(s.slots)+1)*slotSize
	was, err := s.stub.memory(s.stub.threads[0], slot, slotSize)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errNoRoom, err)
	}
	if slot < end && was[0] != fillerInt3 || was[0] != fillerInt3 && was[0] != fillerZero || bytes.Count(was, was[:1]) != slotSize {
		return 0, fmt.Errorf("%w: no room where the text ends at %#x", errNoRoom, end)
	}
	onward, err := branch(opJump, slot+lateLanding, call.Target)
	if err != nil {
		return 0, err
	}
	code := append([]byte{0x38, 0x05, watched - landing, 0, 0, 0, 0xeb, 0}, onward...)
	if err := s.stub.setMemory(s.stub.threads[0], slot, code); err != nil {
		return 0, err
	}
	s.slots[call] = slot
	return slot, nil
}

// undivert restores a call, unless the kernel has patched it meanwhile.
func (s *Session) undivert(d *diversion) error {
	delete(s.diverted, d.call.At)
	ours, err := branch(opCall, d.call.At, d.slot)
	if err != nil {
		return err
	}
	was, err := branch(opCall, d.call.At, d.call.Target)
	if err != nil {
		return err
	}
	thread := s.stub.threads[0]
	is, err := s.stub.memory(thread, d.call.At, callSize)
	if err == nil && bytes.Equal(is, ours) {
		err = s.stub.setMemory(thread, d.call.At, was)
	}
	return errors.Join(err, s.stub.watchpoint(d.slot+watched, false))
}

// arrivals calls the handlers for all vCPUs that have read a watched byte. The
// debugger stub reports only one of several that do so at once, and none if one
// stops for another reason; each is moved on, so none is seen twice.
func (s *Session) arrivals() error {
	if len(s.diverted) == 0 {
		return nil
	}
	for _, thread := range s.stub.threads {
		if s.held[thread] != nil {
			continue // where it is held
		}
		p := &Processor{session: s, thread: thread}
		if err := p.load(); err != nil {
			return err
		}
		for _, d := range s.diverted {
			if p.at == d.slot+landing || p.at == d.slot+lateLanding {
				if err := s.arrive(p, d); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

// arrive shows a handler the vCPU as it was before the call, and makes the call if the
// handler leaves it so.
func (s *Session) arrive(p *Processor, d *diversion) error {
	inside, err := p.Register(stackPointer)
	if err != nil {
		return err
	}
	err = errors.Join(p.SetRegister(stackPointer, inside+8), p.SetRegister(ProgramCounter, d.call.At))
	if err == nil {
		err = p.load()
	}
	if err == nil {
		err = d.hit(p)
	}
	if err == nil {
		err = p.load()
	}
	if err != nil {
		return err
	}
	if s.held[p.thread] != nil {
		return fmt.Errorf("a processor cannot be held at the diverted call at %#x", d.call.At)
	}
	if p.at != d.call.At {
		return nil
	}
	return errors.Join(p.SetRegister(stackPointer, inside), p.SetRegister(ProgramCounter, d.call.Target))
}

const (
	opCall, opJump = 0xe8, 0xe9
	callSize       = 5
	stackPointer   = "rsp"
)

// branch is the code of a call or jump to a target.
func branch(op byte, at, target uint64) ([]byte, error) {
	distance := int64(target - at - callSize)
	if distance < math.MinInt32 || distance > math.MaxInt32 {
		return nil, fmt.Errorf("%w: %#x is too far from %#x", errNoRoom, target, at)
	}
	return binary.LittleEndian.AppendUint32([]byte{op}, uint32(distance)), nil
}
