package faults_test

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"loopfault/faults"
	"loopfault/workloads/wire"
)

// Where the fake kernel keeps its tasks.
const (
	initTask     = 0xffffffff82000000
	kthreaddTask = 0xffffffff82010000 // the pointer
	kthreadd     = 0xffff888000100000
	worker       = 0xffff888000200000
	gsBase       = 0xffff88800f000000
	currentTask  = 0x1000
	stackTop     = 0xffffc90000003f00
	commAt       = 0x40
	pidAt        = 0x20
)

// debuggedGuest is a fakeGuest whose one processor can be stopped.
type debuggedGuest struct {
	*fakeGuest
	breaks map[uint64]func(faults.Processor) error
	notes  []faults.Hit
	dead   error

	single bool                     // there is no other processor
	held   time.Duration            // how long the last one was to be held,
	over   func(expired bool) error // and what to tell at its end
	linger time.Duration
}

func newDebuggedGuest() *debuggedGuest {
	g := &debuggedGuest{fakeGuest: newFakeGuest(), breaks: map[uint64]func(faults.Processor) error{}}
	g.symbols = append(g.symbols,
		wire.Symbol{Name: "init_task", Start: initTask, End: initTask + 0x80},
		wire.Symbol{Name: "kthreadd_task", Start: kthreaddTask, End: kthreaddTask + 8},
		wire.Symbol{Name: "pcpu_hot", Start: currentTask, End: currentTask + 64},
		wire.Symbol{Name: "_stext", Start: victim, End: victim + 1},
		wire.Symbol{Name: "_etext", Start: kmalloc + 16, End: kmalloc + 17},
	)
	g.text[initTask] = task("swapper", 0)
	g.text[kthreadd] = task("kthreadd", 2)
	g.text[worker] = task("writer/3", 117)
	g.text[kthreaddTask] = binary.LittleEndian.AppendUint64(nil, kthreadd)
	return g
}

func task(comm string, pid uint32) []byte {
	b := make([]byte, 0x80)
	copy(b[commAt:], comm)
	binary.LittleEndian.PutUint32(b[pidAt:], pid)
	binary.LittleEndian.PutUint32(b[pidAt+4:], pid)
	return b
}

func (g *debuggedGuest) Break(_ context.Context, addr uint64, hit func(faults.Processor) error) error {
	g.breaks[addr] = hit
	return nil
}

func (g *debuggedGuest) BreakCall(ctx context.Context, site faults.CallSite, textEnd uint64, hit func(faults.Processor) error) error {
	if textEnd != kmalloc+16 {
		return errors.New("the text ends elsewhere")
	}
	return g.Break(ctx, site.Call, hit)
}

func (g *debuggedGuest) Clear(_ context.Context, addr uint64) error {
	delete(g.breaks, addr)
	return nil
}

func (g *debuggedGuest) Note(h faults.Hit) { g.notes = append(g.notes, h) }
func (g *debuggedGuest) Alive() error      { return g.dead }

// reach brings a processor to an address, and gives it back as it goes on.
func (g *debuggedGuest) reach(addr uint64) *fakeCPU { return g.reachBy(1, addr, 0) }

// reachBy says which, and with what as its first argument.
func (g *debuggedGuest) reachBy(cpu int, addr, arg uint64) *fakeCPU {
	p := &fakeCPU{guest: g, cpu: cpu, regs: map[string]uint64{"rip": addr, "rax": 7, "rsp": stackTop, "rbp": 0, "gs_base": gsBase, "rdi": arg}}
	if hit := g.breaks[addr]; hit != nil {
		p.err = hit(p)
	}
	return p
}

type fakeCPU struct {
	guest  *debuggedGuest
	cpu    int
	regs   map[string]uint64
	pushed []byte
	err    error
}

func (p *fakeCPU) CPU() int { return p.cpu }

func (p *fakeCPU) Register(name string) (uint64, error) { return p.regs[name], nil }

func (p *fakeCPU) SetRegister(name string, v uint64) error {
	p.regs[name] = v
	return nil
}

func (p *fakeCPU) SetMemory(addr uint64, data []byte) error {
	if addr != stackTop-8 {
		return errors.New("written elsewhere than below the stack")
	}
	p.pushed = data
	return nil
}

func (p *fakeCPU) Break(addr uint64, hit func(faults.Processor) error) error {
	return p.guest.Break(context.Background(), addr, hit)
}

func (p *fakeCPU) Clear(addr uint64) error { return p.guest.Clear(context.Background(), addr) }

func (p *fakeCPU) Hold(d time.Duration, over func(faults.Processor, bool) error) bool {
	if p.guest.single {
		return false
	}
	p.guest.held, p.guest.over = d, func(expired bool) error { return over(p, expired) }
	return true
}

func (p *fakeCPU) Release(cpu int, d time.Duration) error {
	p.guest.linger = d
	return p.guest.over(false)
}

// Memory has a stack with two return addresses among other things, only one of which
// has a call before it.
func (p *fakeCPU) Memory(addr uint64, n int) ([]byte, error) {
	switch {
	case addr == gsBase+currentTask:
		return binary.LittleEndian.AppendUint64(nil, worker), nil
	case addr >= worker && addr < worker+0x80:
		return p.guest.text[worker][addr-worker:][:n], nil
	case addr >= victim && addr < victim+64:
		return p.guest.text[victim][addr-victim:][:n], nil
	case addr == stackTop:
		b := make([]byte, n)
		for i, word := range []uint64{1, victim + 3, 0xdead, victim + 6} {
			binary.LittleEndian.PutUint64(b[8*i:], word)
		}
		return b, nil
	}
	return nil, errors.New("no such memory")
}
