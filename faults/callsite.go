package faults

import (
	"fmt"
	"strings"
)

// Callsite fails one call of a kernel function from outside the guest: a processor
// that comes to the call goes on behind it with the result of a failure. Nothing is
// called, so nothing is allocated that would have to be freed. The kernel needs
// neither fault injection nor knowledge of it.
type Callsite struct {
	// Function makes the call; its code is read from the running kernel.
	Function string `json:"function" yaml:"function"`
	// Callee is the function that is called there; "" means any slab allocator.
	Callee string `json:"callee,omitempty" yaml:"callee"`
	// Call says which of these calls, in the order of addresses, from 1.
	Call int `json:"call" yaml:"call"`
	// Errno is the error that the call returns, as in 12 for -ENOMEM; 0 has it return NULL.
	Errno int `json:"errno,omitempty" yaml:"errno"`
	// Choice is of those calls that are not spared.
	Choice `yaml:",inline"`
	// Below has only such calls fail that have these functions below them on the stack, the direct
	// caller first; others may stand in between.
	Below []string `json:"below,omitempty" yaml:"below"`
	// Comm, PID and Cgroup, if given, have the call fail only in tasks of that name, of that
	// number, or in that control group.
	Comm   string `json:"comm,omitempty" yaml:"comm"`
	PID    int    `json:"pid,omitempty" yaml:"pid"`
	Cgroup string `json:"cgroup,omitempty" yaml:"cgroup"` // absolute path of its directory
}

// Fault returns the fault with the state of one trial, in which it learns about the guest.
func (c Callsite) Fault() Fault { return &callsite{Callsite: c, chosen: chooser{Choice: c.Choice}} }

func (c Callsite) Describe() string {
	s := fmt.Sprintf("callsite: fail call %s, %s", c.name(), c.Choice)
	if c.Errno != 0 {
		s += fmt.Sprintf(", with error %d", c.Errno)
	}
	for _, only := range []struct{ what, value string }{{"task", c.Comm}, {"cgroup", c.Cgroup}} {
		if only.value != "" {
			s += fmt.Sprintf(", only in %s %s", only.what, only.value)
		}
	}
	if len(c.Below) > 0 {
		s += ", only below " + strings.Join(c.Below, " < ")
	}
	if c.PID != 0 {
		s += fmt.Sprintf(", only in process %d", c.PID)
	}
	return s
}

func (c Callsite) name() string {
	callee := c.Callee
	if callee == "" {
		callee = "allocation"
	}
	return fmt.Sprintf("%s → %s #%d", c.Function, callee, c.Call)
}
