package guest

import (
	"errors"

	"loopfault/harness/ssh"
)

// Fault says who has to answer for a failure. Only infrastructure is worth a
// retry; a guest's fault is a finding.
type Fault int

const (
	// Infrastructure: QEMU missing or refusing to start, an accelerator denied,
	// QEMU killed from outside, a full disk, or anything nobody vouched for.
	Infrastructure Fault = iota
	// Input: a Spec or Options value that cannot work as given.
	Input
	// Kernel: the guest itself crashed, rebooted, or stopped answering.
	Kernel
)

// String returns "infrastructure", "input" or "guest".
func (f Fault) String() string {
	switch f {
	case Input:
		return "input"
	case Kernel:
		return "guest"
	default:
		return "infrastructure"
	}
}

// Error is one clear line, and the long evidence beside it.
type Error struct {
	Fault    Fault
	Message  string // one line, lower case, names what is wrong or missing
	Evidence string // last lines of QEMU's stderr and the console; may be empty
	Err      error  // cause, may be nil
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// FaultOf says whose fault err is. Lost SSH connections are the guest's; an
// error that carries no fault counts as Infrastructure.
func FaultOf(err error) Fault {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Fault
	}
	if _, lost := errors.AsType[*ssh.LostError](err); lost {
		return Kernel
	}
	return Infrastructure
}

// EvidenceOf returns the evidence carried by err, or "".
func EvidenceOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Evidence
	}
	return ""
}
