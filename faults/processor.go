package faults

import (
	"context"
	"encoding/binary"
	"time"
)

// Processor is a vCPU stopped just before an instruction of the kernel; all
// others are stopped too.
type Processor interface {
	CPU() int // from 0
	// Register and SetRegister take GDB's names: rax, rip, gs_base.
	Register(name string) (uint64, error)
	SetRegister(name string, value uint64) error
	Memory(addr uint64, n int) ([]byte, error)
	SetMemory(addr uint64, data []byte) error
	// Break and Clear are those of Debugged, for use while vCPUs are stopped.
	Break(addr uint64, hit func(Processor) error) error
	Clear(addr uint64) error
	// Hold keeps this vCPU where it is while the others go on, for d of the host's time
	// or until Release; false if no other vCPU would be left running. over is told
	// whether the time was up.
	Hold(d time.Duration, over func(p Processor, expired bool) error) bool
	// Release releases a held vCPU after d.
	Release(cpu int, d time.Duration) error
}

// Debugged is a Target whose vCPUs can be stopped from outside, without help
// from its kernel.
type Debugged interface {
	Target
	// Break calls hit whenever a vCPU reaches the instruction at addr. hit must not
	// query the Target, which would never answer: the guest is stopped.
	Break(ctx context.Context, addr uint64, hit func(Processor) error) error
	// BreakCall is Break at a call; it may use a mechanism that costs the guest less.
	// textEnd is the end of the kernel's text. hit may not hold the vCPU.
	BreakCall(ctx context.Context, site CallSite, textEnd uint64, hit func(Processor) error) error
	// Clear removes the breakpoint, if there is one.
	Clear(ctx context.Context, addr uint64) error
	// Note records a hit for the trial's reader. It takes no time.
	Note(h Hit)
	// Alive returns the reason why vCPUs are no longer stopped though they should be.
	Alive() error
}

// Hit is one arrival of a vCPU at a fault's breakpoint, and what the fault did.
type Hit struct {
	What  string   `json:"what"` // failed; held, came true, expired
	Where string   `json:"where"`
	CPU   int      `json:"cpu"`
	Task  Task     `json:"task"`
	Stack []uint64 `json:"-"` // return addresses, the innermost first
	// Guessed says that the stack was searched for values that look like return
	// addresses, since the kernel keeps no frame pointers. Some may be left over
	// from finished calls.
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
