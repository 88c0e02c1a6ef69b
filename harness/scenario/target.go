package scenario

import "loopfault/faults"

// FailedCall is the one call that a fault makes fail; ok is false for other faults.
func (f Fault) FailedCall() (c faults.FailedCall, ok bool) {
	switch {
	case f.Failslab != nil:
		return f.Failslab.FailedCall()
	case f.Callsite != nil:
		return f.Callsite.FailedCall()
	}
	return c, false
}
