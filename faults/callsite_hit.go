package faults

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// hit is called with a processor at the call.
func (c *callsite) hit(p Processor) error {
	task, err := c.tasks.of(p)
	if err != nil {
		return err
	}
	if !c.strikes(task) {
		return c.pass(p)
	}
	stack, guessed, err := stackOf(p, c.text)
	if err != nil {
		return err
	}
	err = errors.Join(p.SetRegister("rax", uint64(-int64(c.Errno))), p.SetRegister("rip", c.site.Return))
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.landed++
	c.mu.Unlock()
	c.guest.Note(Hit{What: "failed", Where: fmt.Sprintf("%s → %s", c.Function, c.site), CPU: p.CPU(), Task: task, Stack: stack, Guessed: guessed})
	return nil
}

// strikes counts a call and says whether it is to fail.
func (c *callsite) strikes(task Task) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Comm != "" && task.Comm != c.Comm || c.PID != 0 && task.PID != c.PID || c.Cgroup != "" && !slices.Contains(c.members, task.PID) {
		return false
	}
	c.came++
	n := c.came - int64(max(c.First, 1))
	if n < 0 || n%int64(max(c.Every, 1)) != 0 || c.landed >= int64(c.Times) {
		return false
	}
	return c.rand.IntN(100) < c.Probability
}

// pass does what the call does: it is quicker than a step over the breakpoint, and no
// other processor can slip through meanwhile.
func (c *callsite) pass(p Processor) error {
	sp, err := p.Register("rsp")
	if err != nil {
		return err
	}
	return errors.Join(
		p.SetMemory(sp-8, binary.LittleEndian.AppendUint64(nil, c.site.Return)),
		p.SetRegister("rsp", sp-8),
		p.SetRegister("rip", c.site.Target),
	)
}
