package kernelreport

import "bytes"

// hungLine reads khungtaskd's lines: the header of a report, and the later kernels' line that names a lock's owner.
func hungLine(b []byte) item {
	it := item{what: lineHeader, kind: KindHungTask}
	rest := b[len("INFO: task "):]
	for _, m := range []string{" blocked for more than ", " blocked in I/O wait for more than ", " can't die for more than "} {
		i := bytes.LastIndex(rest, []byte(m))
		if i < 0 {
			continue
		}
		who, ok := rest[:i], false
		if it.comm, it.pid, ok = commAndPID(who, ':'); !ok {
			// Some test trees append "(T117)" to the pid.
			if p := bytes.LastIndexByte(who, '('); p > 0 {
				it.comm, it.pid, ok = commAndPID(who[:p], ':')
			}
			if !ok {
				it.comm = commText(who)
			}
		}
		it.usable = true
		it.seconds, _ = number(rest[i+len(m):])
		it.partial = it.seconds == nil
		return it
	}
	// "INFO: task a:1 is blocked on a mutex likely owned by task b:2.", "<writer> blocked on an rw-semaphore …",
	// "… but the owner is not found.", "… likely last held by task b:2".
	if i := bytes.LastIndex(rest, []byte("blocked on a")); i > 0 {
		it.what = lineOwner
		it.usable = true
		it.partial = true
		waiter := bytes.TrimSuffix(bytes.TrimRight(rest[:i], " "), []byte(" is"))
		for _, as := range lockSides {
			waiter = bytes.TrimSuffix(waiter, []byte(as))
		}
		_, it.waits, _ = commAndPID(waiter, ':')
		if j := bytes.LastIndex(rest[i:], []byte(" by task ")); j > 0 {
			who := bytes.TrimRight(rest[i+j+len(" by task "):], ". ")
			for _, as := range lockSides {
				who = bytes.TrimSuffix(who, []byte(as))
			}
			var ok bool
			if it.comm, it.pid, ok = commAndPID(who, ':'); ok {
				it.partial = false
			}
		} else if bytes.Contains(rest[i:], []byte("not found")) {
			it.partial = false
		}
		return it
	}
	if i := bytes.LastIndex(rest, []byte(" blocked")); i > 0 {
		if comm, pid, ok := commAndPID(rest[:i], ':'); ok {
			it.comm, it.pid, it.usable = comm, pid, true
			if j := bytes.IndexAny(rest[i:], "0123456789"); j > 0 { // typed by hand: "blocked for more then 120 sec"
				seconds, unit := number(rest[i+j:])
				if hasPrefix(trimSpaceLeft(unit), "s") {
					it.seconds = seconds
					return it
				}
			}
		}
	}
	it.partial = true
	return it
}

// lockSides are what tasks want of an rw-semaphore, or have.
var lockSides = [...]string{" <writer>", " <reader>", " <unknown>"}

// rcuHeader reads "rcu_preempt self-detected stall on CPU", "… detected stalls on CPUs/tasks:", "… expedited stalls …".
func rcuHeader(b []byte) (item, bool) {
	if !bytes.HasPrefix(b, []byte("rcu")) || !bytes.Contains(b, []byte("detected")) || !bytes.Contains(b, []byte("stall")) {
		return item{}, false
	}
	return item{what: lineHeader, kind: KindRCUStall, subject: "rcu detected stall", usable: true}, true
}

// lostLocks reads "NFS: server: lost 3 locks", which the client says once it has recovered what it could.
func lostLocks(b []byte) (item, bool) {
	i := bytes.LastIndex(b, []byte(": lost "))
	if i < 0 {
		return item{}, false
	}
	if n, rest := number(b[i+len(": lost "):]); n == nil || string(rest) != " locks" {
		return item{}, false
	}
	return item{what: lineHeader, kind: KindLostLock, subject: "NFS lost locks", usable: true}, true
}
