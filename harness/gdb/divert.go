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

// diversion is a call that goes by way of a stub of code in memory that the kernel
// does not use. The stub reads a byte that nobody else does, which is watched.
type diversion struct {
	call Call
	slot uint64 // address of the stub
	hit  Handler
}

// The stub of code: cmp %al, byte(%rip); jmp over nothing; jmp target; byte. A processor
// that has read the byte is stopped behind the cmp; or, if QEMU stopped another one for
// the same reason just before, only when its translation ends: that is what the
// first jmp is for.
const (
	landing     = 6
	lateLanding = 8
	watched     = 13
	slotSize    = 14
)

// The room for stubs is what the linker leaves between the end of the code and that of
// its page; where _etext is differs between kernels, before or behind that.
const (
	pageSize   = 4096
	fillerInt3 = 0xcc // code that is never run
	fillerZero = 0    // behind all code
)

// BreakCall is Break for a call. Of an emulated guest the call is diverted: QEMU looks
// through its breakpoints whenever it looks up code that it has translated, which all
// the guest pays for, and throws all translations away when one is hit; it does neither
// for a byte that is watched. So the call is made to pass by one, until it is cleared.
// textEnd is where the kernel's text ends: the room is taken from the filler of that
// page; where there is none it is Break. The handler finds the processor at the call
// either way, and may not hold it.
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

// slot gives the stub for a call. It stays when the call is cleared, since a processor
// may be in it, and is there for the next time.
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

// undivert makes a call what it was, unless the kernel made it something else meanwhile.
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

// arrivals calls the handlers for all processors that have read a watched byte. The
// stub tells of one of several that do so at a time, and of none that is stopped
// for another reason just then; each is sent on its way, so none is seen twice.
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

// arrive shows a handler the processor as it was before the call, and has the call made
// if it is left so.
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
