package gather

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"loopfault/workloads/watch"
	"loopfault/workloads/wire"
)

const (
	allTasks   = "/proc/[0-9]*/task/[0-9]*"
	maxOfTask  = 64 << 10 // bytes of one file of a task
	switchLine = "ctxt_switches"
)

// Tasks lists tasks into a text of at most max bytes: "== " and the line of stat, then the wait channel, the context
// switches, and the stack. Or a table of them.
func Tasks(from Reader, q wire.TaskQuery, max int) ([]byte, error) {
	var out bytes.Buffer
	if q.Table {
		fmt.Fprintf(&out, tableRow, "PID", "TID", "PPID", "UID", "STAT", "WCHAN", "COMMAND")
	}
	tasks, err := from.List(allTasks)
	if err != nil {
		return nil, err
	}
	read := func(dir, name string) string {
		text, err := from.Read(filepath.Join(dir, name), maxOfTask)
		if err != nil {
			return "" // it is gone, or not ours to read
		}
		return string(text)
	}
	for _, dir := range tasks {
		stat := read(dir, "stat")
		_, comm, state, ok := watch.ParseStat(stat)
		kind, _, _ := strings.Cut(comm, "/")
		blocked := state == "D" || state == "S" && q.Blocked && watch.Patient(read(dir, "wchan"))
		if !ok || q.Blocked && !blocked || len(q.Workloads) > 0 && !slices.Contains(q.Workloads, kind) {
			continue
		}
		if q.Table {
			writeRow(&out, from, dir, comm, state, stat, read(dir, "wchan"))
			continue
		}
		fmt.Fprintf(&out, "== %s\n%s\n", strings.TrimSpace(stat), read(dir, "wchan"))
		if !q.Blocked || q.Switches {
			for line := range strings.Lines(read(dir, "status")) {
				if strings.Contains(line, switchLine) {
					out.WriteString(line)
				}
			}
		}
		out.WriteString(read(dir, "stack"))
		if out.Len() > max {
			break
		}
	}
	return bounded(out, max), nil
}

const tableRow = "%7s %7s %7s %5s %-4s %-40s %s\n"

// writeRow is a task as ps(1) shows it.
func writeRow(out *bytes.Buffer, from Reader, dir, comm, state, stat, wchan string) {
	ppid, uid := "-", "-"
	if f := strings.Fields(stat[strings.LastIndexByte(stat, ')'):]); len(f) > 2 {
		ppid = f[2]
	}
	if n, err := from.Owner(dir); err == nil {
		uid = fmt.Sprint(n)
	}
	if wchan == "" || wchan == "0" {
		wchan = "-"
	}
	process := filepath.Base(filepath.Dir(filepath.Dir(dir)))
	fmt.Fprintf(out, tableRow, process, filepath.Base(dir), ppid, uid, state, wchan, comm)
}
