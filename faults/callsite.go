package faults

import "fmt"

// Callsite fails one call of a kernel function from outside the guest: a processor
// that comes to the call goes on behind it with the result of a failure. Nothing is
// called, so nothing is allocated that would have to be freed. The kernel needs
// neither fault injection nor knowledge of it.
type Callsite struct {
	// Function makes the call; its code is read from the running kernel.
	Function string `json:"function" yaml:"function"`
	// Callee is whom it calls; "" for any slab allocator.
	Callee string `json:"callee,omitempty" yaml:"callee"`
	// Call says which of these calls, in the order of addresses, from 1.
	Call int `json:"call" yaml:"call"`
	// Errno is what the call comes to, as in 12 for -ENOMEM; 0 for NULL.
	Errno int `json:"errno,omitempty" yaml:"errno"`
	// First and Every choose calls by number: the First-th (from 1, the default), and
	// from there every Every-th (1, the default, for all).
	First int `json:"first,omitempty" yaml:"first"`
	Every int `json:"every,omitempty" yaml:"every"`
	// Probability in percent, of those; drawn from the trial's seed.
	Probability int `json:"probability" yaml:"probability"`
	// Times is after how many it stops by itself.
	Times int `json:"times" yaml:"times"`
	// Comm, PID and Cgroup, if given, spare all tasks but those of that name, that
	// number, or in that control group.
	Comm   string `json:"comm,omitempty" yaml:"comm"`
	PID    int    `json:"pid,omitempty" yaml:"pid"`
	Cgroup string `json:"cgroup,omitempty" yaml:"cgroup"` // absolute path of its directory
}

// Fault is the fault as what it is for a trial: it learns of its guest.
func (c Callsite) Fault() Fault { return &callsite{Callsite: c} }

func (c Callsite) Describe() string {
	s := fmt.Sprintf("callsite: fail call %s, probability %d %%, at most %d times", c.name(), c.Probability, c.Times)
	if c.First > 1 {
		s += fmt.Sprintf(", from the %d. on", c.First)
	}
	if c.Every > 1 {
		s += fmt.Sprintf(", every %d.", c.Every)
	}
	if c.Errno != 0 {
		s += fmt.Sprintf(", with error %d", c.Errno)
	}
	for _, only := range []struct{ what, value string }{{"task", c.Comm}, {"cgroup", c.Cgroup}} {
		if only.value != "" {
			s += fmt.Sprintf(", only in %s %s", only.what, only.value)
		}
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
