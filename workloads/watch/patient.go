package watch

import (
	"path/filepath"
	"slices"
)

// patience are functions in which a task sleeps interruptibly until the server calls back: for a lock of NFSv3, or else the
// client asks again (6.4 and later, before, and where the first is inlined), and for the end of an asynchronous COPY
// (handle_async_copy, and where it is inlined).
var patience = []string{"nlmclnt_wait", "nlmclnt_block", "nlmclnt_lock", "handle_async_copy", "_nfs42_proc_copy", "nfs42_proc_copy"}

// lookEvery is in how many samples once interruptible sleeps are looked at: most tasks are in
// one, and each look takes system calls, which delay an emulated guest's work.
const lookEvery = 3

// patient says whether a task sleeps in one of those functions. Between two looks it says so of
// a task that the last look saw there.
func (w *Watcher) patient(dir string, st stat) bool {
	if st.state != "S" || st.kernel {
		return false
	}
	if w.samples%lookEvery != 0 {
		old := w.asleep[st.pid]
		return old != nil && old.state == st.state // one in another sleep that counted sleeps in a new one
	}
	wchan, ok := readOnce(filepath.Join(dir, "wchan"))
	return ok && Patient(wchan)
}

// Patient says whether the wait channel of a task that sleeps interruptibly is one of those functions.
func Patient(wchan string) bool { return slices.Contains(patience, wchan) }
