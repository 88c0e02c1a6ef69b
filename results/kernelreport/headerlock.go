package kernelreport

import "bytes"

// lockMessages are the lock validator's messages, without the "WARNING:", "INFO:" or "[ BUG: … ]" around them that each
// generation of kernels chose differently.
var lockMessages = [...]struct {
	text    string
	kind    Kind
	subject string
}{
	{"possible circular locking dependency", KindLockdep, "circular locking"},
	{"possible recursive locking", KindLockdep, "recursive locking"},
	{"irq lock inversion dependency", KindLockdep, "irq lock inversion"},
	{"inconsistent lock state", KindLockdep, "inconsistent lock state"},
	{"unsafe lock order detected", KindLockdep, "irq-unsafe lock order"},
	{"bad unlock balance", KindLockUsage, "bad unlock balance"},
	{"suspicious RCU usage", KindLockUsage, "suspicious RCU usage"},
	{"suspicious rcu_dereference_check", KindLockUsage, "suspicious RCU usage"},
	{"held lock freed", KindLockUsage, "held lock freed"},
	{"lock held when returning to user space", KindLockUsage, "lock held when returning to user space"},
	{"still has locks held", KindLockUsage, "still has locks held"},
	{"lock held at task exit time", KindLockUsage, "lock held at task exit"},
	{"Invalid wait context", KindLockUsage, "invalid wait context"},
	{"Nested lock was not taken", KindLockUsage, "nested lock was not taken"},
	{"bad contention detected", KindLockUsage, "bad contention"},
	{"trying to register non-static key", KindLockUsage, "non-static lock key"},
	{"chain_key collision", KindLockUsage, "lock chain key collision"},
}

func lockHeader(b []byte) (item, bool) {
	for i := range lockMessages {
		m := &lockMessages[i]
		if bytes.Contains(b, []byte(m.text)) {
			return item{what: lineHeader, kind: m.kind, subject: m.subject, usable: true}, true
		}
	}
	return item{}, false
}
