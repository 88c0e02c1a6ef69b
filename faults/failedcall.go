package faults

// FailedCall is the one call of a kernel function that a fault has fail.
type FailedCall struct {
	Function string // that makes the call
	Callee   string // whom it calls, "" for any slab allocator
	Call     int    // which of these calls, from 1
	Errno    int    // what it comes back with, as in 12 for -ENOMEM; 0 for NULL
}

// FailedCall says which call that is; ok is false for a fault that is about more than one.
func (f Failslab) FailedCall() (c FailedCall, ok bool) {
	return FailedCall{Function: f.Function, Call: f.Call}, f.Call > 0
}

// FailedCall says which call that is.
func (c Callsite) FailedCall() (FailedCall, bool) {
	return FailedCall{Function: c.Function, Callee: c.Callee, Call: c.Call, Errno: c.Errno}, true
}
