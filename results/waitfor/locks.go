package waitfor

import (
	"strconv"
	"strings"

	"loopfault/results/report/plain"
)

// held is one lock that lockdep lists for a task.
type held struct {
	addr, class string
	at          string // where it was taken, or is about to be: "f+0x1/0x2"
}

// parseLocks reads the last "Showing all locks held in the system:" of a
// console, by pid.
func parseLocks(console string) map[int][]held {
	const head = "Showing all locks held in the system:"
	console = console[max(0, len(console)-maxText):]
	i := strings.LastIndex(console, head)
	if i < 0 {
		return nil
	}
	all := map[int][]held{}
	pid := 0
	for line := range lines(console[i:]) {
		if _, who, ok := strings.Cut(line, " held by "); ok && strings.Contains(line, " lock") {
			pid, _ = strconv.Atoi(strings.TrimRight(who[strings.LastIndexByte(who, '/')+1:], ":. "))
		} else if _, l, ok := strings.Cut(line, " #"); ok && pid > 0 && len(all) < maxTasks && len(all[pid]) < 64 {
			if h, ok := heldLine(l); ok {
				all[pid] = append(all[pid], h)
			}
		} else if strings.Contains(line, "=====") {
			break
		}
	}
	return all
}

// heldLine reads "0: ffff… (class){+.+.}-{3:3}, at: f+0x1/0x2".
func heldLine(l string) (held, bool) {
	_, l, ok1 := strings.Cut(l, ": ")
	addr, rest, ok2 := strings.Cut(l, " ")
	open, shut := strings.IndexByte(rest, '('), strings.LastIndex(rest, "){")
	_, at, ok3 := strings.Cut(rest, ", at: ")
	if !ok1 || !ok2 || !ok3 || open < 0 || shut <= open {
		return held{}, false
	}
	return held{plain.Short(addr, 20), plain.Short(rest[open+1:shut], 48), plain.Short(strings.TrimSpace(at), 80)}, true
}

// awaited is the lock that a task is about to take. Lockdep lists it last, as
// if it were held already; the task then sleeps at the very place that lockdep
// names.
func awaited(t *task, locks []held) (held, bool) {
	if len(locks) == 0 {
		return held{}, false
	}
	last := locks[len(locks)-1]
	return last, t.top != "" && last.at == t.top
}
