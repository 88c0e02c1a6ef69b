package texts

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// recent is how old a list in the log of a machine may be that was looked at, in seconds.
const recent = 600

// maxTasks is how many tasks of one list are kept.
const maxTasks = 16384

// seen is one task of a list.
type seen struct {
	pid, comm, state string
	lines            []string // wait channel, context switches, stack
}

// dump are lists of tasks in a text that says of itself that it has all of them: sysrq's, and loops over /proc that print each
// stat behind "== ".
type dump struct {
	all     bool    // not the blocked ones alone
	at      float64 // when the kernel printed it, in seconds since its boot; -1 if it does not tell
	list    []seen  // being read
	last    []seen  // the list before it, by then complete
	listing listing
	pids    map[string]bool
}

// listing is what kind of list is being read.
type listing int

const (
	none listing = iota
	sysrq
	loop
)

var (
	stamp       = regexp.MustCompile(`\[ *(\d+\.\d+)\]`)
	showBlocked = regexp.MustCompile(`(?i)sysrq ?: (?:Show Blocked State|Showing all blocked tasks)`)
	showAll     = regexp.MustCompile(`(?i)sysrq ?: Show State$`)
	listEnds    = regexp.MustCompile(`(?i)sysrq ?: |INFO: task .* blocked|Showing busy workqueues|Sched Debug Version|Showing all locks held`)
	taskLine    = regexp.MustCompile(`task:(.+?)\s+state:(\S)\S*\s.*\bpid:(\d+)`)
	oldTask     = regexp.MustCompile(`(\S+)\s+([RSDTtXZIKWP])\s(?:\s*(?:[0-9a-f]{8,16}|running task))?\s+\d+\s+(\d+)\s+\d+ 0x[0-9a-f]{8}$`)
	statLine    = regexp.MustCompile(`^== (\d+) \((.*)\) ([A-Za-z])\b`)
	frame       = regexp.MustCompile(`(\? )?([A-Za-z_][\w.]*\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[\w+\])?)$`)
	ofLoop      = regexp.MustCompile(`^\s*(?:\[<[0-9a-f]*>\]|(?:non)?voluntary_ctxt_switches:|[\w.]+$|0$)`)
)

// line takes a line of a list; false for all others.
func (d *dump) line(line string) bool {
	if d.listing == none && !strings.HasPrefix(line, "== ") && !mayBegin(line) {
		return false
	}
	switch all := showAll.MatchString(line); {
	case all, showBlocked.MatchString(line):
		d.begin(sysrq)
		d.all, d.at = all, -1
		if m := stamp.FindStringSubmatch(line); m != nil {
			d.at, _ = strconv.ParseFloat(m[1], 64)
		}
		return true
	case d.listing == sysrq && listEnds.MatchString(line):
		d.listing = none
		return false
	}
	if m := statLine.FindStringSubmatch(line); m != nil {
		if d.listing != loop || d.pids[m[1]] {
			d.begin(loop)
		}
		d.add(seen{pid: m[1], comm: m[2], state: m[3]})
		return true
	}
	if d.listing == loop && len(d.list) > 0 {
		if !ofLoop.MatchString(line) && strings.TrimSpace(line) != "" {
			d.listing = none
			return false
		}
		d.keep(strings.TrimSpace(line))
		return true
	}
	if d.listing != sysrq {
		return false
	}
	if m := taskLine.FindStringSubmatch(line); m != nil {
		d.add(seen{pid: m[3], comm: m[1], state: m[2]})
	} else if m := oldTask.FindStringSubmatch(line); m != nil {
		d.add(seen{pid: m[3], comm: m[1], state: m[2]})
	} else if m := frame.FindStringSubmatch(strings.TrimRight(line, " ")); m != nil && m[1] == "" && len(d.list) > 0 {
		d.keep("[<0>] " + m[2])
	}
	return false // the parser of reports may see more in it
}

// mayBegin says that a line may announce a list of sysrq's.
func mayBegin(line string) bool {
	return strings.Contains(line, "ysrq") || strings.Contains(line, "ysRq")
}

// begin starts a list; one that was read before is an earlier look.
func (d *dump) begin(l listing) {
	if len(d.list) > 0 {
		d.last = d.list
	}
	d.listing, d.list, d.pids = l, nil, map[string]bool{}
}

func (d *dump) add(t seen) {
	if len(d.list) < maxTasks {
		d.list = append(d.list, t)
		d.pids[t.pid] = true
	}
	if t.state != "D" && d.listing == loop {
		d.all = true
	}
}

func (d *dump) keep(line string) {
	const mostLines = 256
	if t := &d.list[len(d.list)-1]; line != "" && len(t.lines) < mostLines {
		t.lines = append(t.lines, line)
	}
}

// tasks takes over the lists of a text: the blocked tasks of its first look, all tasks of its last one.
func (t *Texts) tasks(d *dump) {
	// What the log of a machine holds beside its lists may be of long ago.
	if len(d.list) == 0 || t.uptime > 0 && (t.read["stacks.txt"] || d.at < t.uptime-recent) {
		return
	}
	first := d.list
	if d.last != nil && d.all {
		first = d.last
	}
	if t.e.Stacks == "" {
		blocked := 0
		t.e.Stacks, blocked = written(first, true)
		t.part("stacks.txt").n += blocked
	}
	if d.all && t.e.Tasks == "" {
		n := 0
		t.e.Tasks, n = written(d.list, false)
		t.part("tasks.txt").n += n
	}
}

// written is a list in the form of a trial's evidence.
func written(list []seen, blocked bool) (string, int) {
	var b strings.Builder
	n := 0
	for _, s := range list {
		if blocked && s.state != "D" || b.Len() > maxKind {
			continue
		}
		n++
		fmt.Fprintf(&b, "== %s (%s) %s\n%s\n", s.pid, s.comm, s.state, strings.Join(s.lines, "\n"))
	}
	return b.String(), n
}
