package faults

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"loopfault/workloads/wire"
)

// Task is the task that a vCPU runs.
type Task struct {
	Comm string `json:"comm"` // "" if it is not known
	PID  int    `json:"pid"`
}

// taskFinder finds a vCPU's current task. Its zero value cannot.
//
// The current task's address is a variable of the processor, below the GS base. The
// offsets of a task's name and number differ between kernels and configurations, and
// most of our kernels carry no BTF. So they are searched for in two known tasks:
// init_task is called swapper and has number 0, and kthreadd has 2.
type taskFinder struct {
	current   uint64 // offset from the GS base
	comm, pid int    // offsets in task_struct
	known     bool
}

const (
	commLength  = 16 // TASK_COMM_LEN
	taskMost    = 16 << 10
	kthreaddPID = 2
)

// findTasks inspects the running kernel.
func findTasks(ctx context.Context, t Target) (taskFinder, error) {
	var f taskFinder
	syms, err := t.Symbols(ctx, wire.SymbolQuery{Names: []string{"pcpu_hot", "current_task", "const_current_task", "init_task", "kthreadd_task"}})
	if err != nil {
		return f, err
	}
	at := map[string]wire.Symbol{}
	for _, s := range syms {
		at[s.Name] = s
	}
	for _, name := range []string{"const_current_task", "current_task", "pcpu_hot"} { // pcpu_hot (6.2 to 6.14) begins with it
		if s, ok := at[name]; ok {
			f.current, f.known = s.Start, true
		}
	}
	idle, daemon := at["init_task"], at["kthreadd_task"]
	if !f.known || idle.Start == 0 || daemon.Start == 0 {
		return taskFinder{}, errors.New("this kernel does not say where its tasks are (needs CONFIG_KALLSYMS_ALL)")
	}
	size := min(idle.End-idle.Start, taskMost)
	a, err := t.Text(ctx, idle.Start, idle.Start+size)
	if err != nil {
		return taskFinder{}, fmt.Errorf("read init_task: %w", err)
	}
	pointer, err := t.Text(ctx, daemon.Start, daemon.Start+8)
	if err != nil {
		return taskFinder{}, fmt.Errorf("read kthreadd_task: %w", err)
	}
	start := binary.LittleEndian.Uint64(pointer)
	b, err := t.Text(ctx, start, start+size)
	if err != nil {
		return taskFinder{}, fmt.Errorf("read task kthreadd: %w", err)
	}
	if f.comm, f.pid, err = taskOffsets(a, b); err != nil {
		return taskFinder{}, err
	}
	return f, nil
}

// taskOffsets finds name and number in two tasks of the same layout. The number
// occurs twice, as pid and tgid, which are equal in both tasks.
func taskOffsets(swapper, kthreadd []byte) (comm, pid int, err error) {
	comm = bytes.Index(kthreadd, []byte("kthreadd\x00"))
	if comm < 0 || !bytes.HasPrefix(swapper[comm:], []byte("swapper")) {
		return 0, 0, errors.New("tasks swapper and kthreadd do not have their names at the same place")
	}
	pid = -1
	for at := 0; at+8 <= len(kthreadd); at += 4 {
		if binary.LittleEndian.Uint64(swapper[at:]) != 0 || binary.LittleEndian.Uint64(kthreadd[at:]) != kthreaddPID<<32|kthreaddPID {
			continue
		}
		if pid >= 0 {
			return 0, 0, fmt.Errorf("a task's number may be at offset %d or %d", pid, at)
		}
		pid = at
	}
	if pid < 0 {
		return 0, 0, errors.New("the number of kthreadd is nowhere in its task")
	}
	return comm, pid, nil
}

// of reads the task that a vCPU runs.
func (f taskFinder) of(p Processor) (Task, error) {
	if !f.known {
		return Task{}, nil
	}
	base, err := p.Register("gs_base")
	if err != nil {
		return Task{}, err
	}
	task, err := word(p, base+f.current)
	if err != nil {
		return Task{}, fmt.Errorf("current task: %w", err)
	}
	name, err := p.Memory(task+uint64(f.comm), commLength)
	if err != nil {
		return Task{}, fmt.Errorf("name of the current task: %w", err)
	}
	number, err := p.Memory(task+uint64(f.pid), 4)
	if err != nil {
		return Task{}, fmt.Errorf("number of the current task: %w", err)
	}
	name, _, _ = bytes.Cut(name, []byte{0})
	return Task{Comm: string(name), PID: int(binary.LittleEndian.Uint32(number))}, nil
}
