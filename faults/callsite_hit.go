package faults

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// hit is called when a vCPU has reached the call.
func (c *callsite) hit(p Processor) error {
	task, err := c.tasks.of(p)
	if err != nil {
		return err
	}
	on, err := c.onWay(p)
	if err != nil {
		return err
	}
	if !on || !c.strikes(task) {
		return c.pass(p)
	}
	err = errors.Join(p.SetRegister("rax", uint64(-int64(c.Errno))), p.SetRegister("rip", c.site.Return))
	if err == nil && c.chosen.land() { // no vCPU need stop here any more
		err = p.Clear(c.site.Call)
	}
	if err != nil {
		return err
	}
	return c.note(p, Hit{What: "failed", Where: fmt.Sprintf("%s → %s", c.Function, c.site), Task: task})
}

// onWay reports whether the call came through the functions of Below.
func (c *callsite) onWay(p Processor) (bool, error) {
	if len(c.way) == 0 {
		return true, nil
	}
	stack, _, err := stackOf(p, c.text)
	return c.way.taken(stack), err
}

// strikes says whether a task's call is to fail.
func (c *callsite) strikes(task Task) bool {
	return (c.Comm == "" || task.Comm == c.Comm) && (c.PID == 0 || task.PID == c.PID) &&
		(c.Cgroup == "" || c.isMember(task.PID)) && c.chosen.next()
}

func (c *callsite) isMember(pid int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.members, pid)
}

// pass emulates the call: that is quicker than a step over the breakpoint, and no
// other vCPU can slip through meanwhile.
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
