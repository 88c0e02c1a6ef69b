package faults

import (
	"context"
	"encoding/binary"
	"time"
)

// Processor is one of a guest's that stands still, and all others with it, just
// before an instruction of the kernel.
type Processor interface {
	CPU() int // from 0
	// Register and SetRegister take GDB's names: rax, rip, gs_base.
	Register(name string) (uint64, error)
	SetRegister(name string, value uint64) error
	Memory(addr uint64, n int) ([]byte, error)
	SetMemory(addr uint64, data []byte) error
	// Break and Clear are those of Debugged, for while processors stand still.
	Break(addr uint64, hit func(Processor) error) error
	Clear(addr uint64) error
	// Hold keeps this one where it is while the others go on, for d of the host's time or
	// until Release; false when no other would be left to go on. over is told whether
	// its time was up.
	Hold(d time.Duration, over func(p Processor, expired bool) error) bool
	// Release lets one go that is held, after d.
	Release(cpu int, d time.Duration) error
}

// Debugged is a Target whose processors can be stopped from outside, without any
// help of its kernel.
type Debugged interface {
	Target
	// Break has hit called whenever a processor comes to the instruction at addr. What
	// hit asks the Target for would never be answered: the guest stands still.
	Break(ctx context.Context, addr uint64, hit func(Processor) error) error
	// BreakCall is Break at a call, which may go by another way that costs the guest less.
	// textEnd is where the kernel's text ends. hit may not hold the processor.
	BreakCall(ctx context.Context, site CallSite, textEnd uint64, hit func(Processor) error) error
	// Clear ends that; it does nothing if there is nothing to end.
	Clear(ctx context.Context, addr uint64) error
	// Note keeps a hit for whoever reads about the trial. It takes no time.
	Note(h Hit)
	// Alive says why nobody is stopped any more though it should be.
	Alive() error
}

// Hit is one time that a processor came to where a fault waited for it, and what
// the fault did.
type Hit struct {
	What  string   `json:"what"` // failed; held, came true, expired
	Where string   `json:"where"`
	CPU   int      `json:"cpu"`
	Task  Task     `json:"task"`
	Stack []uint64 `json:"-"` // return addresses, the innermost first
	// Guessed says that the stack was searched for what looks like return addresses:
	// the kernel keeps no frame pointers. Some may be of calls that are over.
	Guessed bool `json:"guessed,omitempty"`
}

func word(p Processor, addr uint64) (uint64, error) {
	b, err := p.Memory(addr, 8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b), nil
}

// registers reads several.
func registers(p Processor, names ...string) ([]uint64, error) {
	var all []uint64
	for _, name := range names {
		v, err := p.Register(name)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}
