package faults

import "loopfault/workloads/wire"

// Freezer freezes every other worker, in turns one half and the other, with the freezer of cgroup v1, as who pauses a container or
// suspends a machine does: a task that waits for a reply is frozen where it sleeps (TASK_FREEZABLE), with the locks that it holds,
// and must not lose the wake-up that comes meanwhile. The kernel's threads and the rest of the guest go on.
type Freezer struct {
	Span `yaml:",inline"`
}

// Outage returns the freezing as a trial's outage. It has begun when a task was frozen in the middle of a request.
func (f Freezer) Outage() Outage {
	return Outage{
		Span: f.Span,
		what: "every other worker frozen",
		kind: wire.Outage{Kind: wire.OutageFreezer},
	}
}
