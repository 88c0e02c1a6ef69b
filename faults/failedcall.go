package faults

// FailedCall is the one call of a kernel function that a fault makes fail.
type FailedCall struct {
	Function string // that makes the call
	Callee   string // callee, "" for any slab allocator
	Call     int    // which of these calls, from 1
	Errno    int    // what it returns, as in 12 for -ENOMEM; 0 for NULL
}

// FailedCall returns that call; ok is false for a fault that fails more than one.
func (f Failslab) FailedCall() (c FailedCall, ok bool) {
	return FailedCall{Function: f.Function, Call: f.Call}, f.Call > 0
}

// FailedCall returns that call.
func (c Callsite) FailedCall() (FailedCall, bool) {
	return FailedCall{Function: c.Function, Callee: c.Callee, Call: c.Call, Errno: c.Errno}, true
}
