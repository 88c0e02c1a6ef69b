package kernelreport

import "bytes"

// lockActors are what the lock validator says of the task that it reports on, behind its name and pid.
var lockActors = [...]string{" is trying to acquire lock", " is trying to release lock", " is trying to lock:", " is trying to acquire:", " is freeing memory ", " is exiting with locks still held",
	" is leaving the kernel with locks", "] takes:"}

// lockActor reads "mount/28040 is trying to acquire lock:" and "mount/28040 [HC0[0]:SC0[0]:HE1:SE1] is trying to acquire:".
func lockActor(b []byte) (item, bool) {
	if last := b[len(b)-1]; last != ':' && last != '!' { // nearly every line
		return item{}, false
	}
	for _, words := range lockActors {
		i := bytes.Index(b[:min(len(b), 120)], []byte(words))
		if i < 0 {
			continue
		}
		who := b[:i]
		if j := bytes.Index(who, []byte(" [HC")); j > 0 {
			who = who[:j]
		}
		it := item{what: lineDetail}
		var ok bool
		it.comm, it.pid, ok = commAndPID(who, '/')
		return it, ok
	}
	return item{}, false
}

// lockLine recognises the entries of "Showing all locks held" and of "locks held by".
func lockLine(b []byte) (item, bool) {
	if len(b) == 0 {
		return item{}, false
	}
	if b[0] == '#' && len(b) > 3 && b[1] >= '0' && b[1] <= '9' && bytes.IndexByte(b[:4], ':') > 0 {
		return item{what: lineLock, fn: takenAt(b)}, true
	}
	if b[0] == '(' || hexRun(b[:min(len(b), 8)]) == 8 { // the lock that is wanted, or the one that is held already
		if fn := takenAt(b); fn != "" {
			return item{what: lineDetail, fn: fn}, true
		}
		return item{}, false
	}
	if i := bytes.Index(b[:min(len(b), 40)], []byte(" held by ")); i > 0 && bytes.Contains(b[:i], []byte("lock")) {
		return item{what: lineLock}, true
	}
	return item{}, false
}

// takenAt is the function that takes a lock: "ffff888012345678 (&ring->lock){+.+.}-{3:3}, at: ring_freeze+0x24/0x60".
func takenAt(b []byte) string {
	i := bytes.LastIndex(b, []byte(", at: "))
	if i < 2 || b[i-1] != '}' {
		return ""
	}
	b, _ = addresses(b[i+len(", at: "):])
	return string(b[:min(nameRun(b), maxName)])
}
