package gather

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"loopfault/workloads/watch"
	"loopfault/workloads/wire"
)

const (
	allTasks   = "/proc/[0-9]*/task/[0-9]*"
	maxOfTask  = 64 << 10 // bytes of one file of a task
	switchLine = "ctxt_switches"
)

// Tasks lists tasks into a text of at most max bytes: "== " and the line of stat, then the wait channel, the context
// switches, and the stack; of tasks that run, which come last, also how much of a moment they were in the kernel, if the
// reader can watch them. Or a table of them.
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
	write := func(dir, stat string) {
		fmt.Fprintf(&out, "== %s\n%s\n", strings.TrimSpace(stat), read(dir, "wchan"))
		if !q.Blocked || q.Switches {
			for line := range strings.Lines(read(dir, "status")) {
				if strings.Contains(line, switchLine) {
					out.WriteString(line)
				}
			}
		}
	}
	watcher, watches := from.(Watcher)
	var runners []runner
	for _, dir := range tasks {
		at := time.Now()
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
		if state == "R" && watches && len(q.Workloads) == 0 && !watcher.Own(dir) && len(runners) < maxRunners {
			runners = append(runners, runner{dir, at, stat, read(dir, "status")})
			continue
		}
		write(dir, stat)
		out.WriteString(read(dir, "stack"))
		if out.Len() > max {
			break
		}
	}
	if watches {
		writeRunners(&out, watcher, runners, write)
	}
	return bounded(out, max), nil
}

const tableRow = "%7s %7s %7s %5s %-4s %-40s %s\n"

// writeRow is a task as ps(1) shows it.
func writeRow(out *bytes.Buffer, from Reader, dir, comm, state, stat, wchan string) {
	ppid, uid := "-", "-"
	if f := fromState(stat); len(f) > 1 {
		ppid = f[1]
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

// fromState is a line of stat from the state on; the comm before it may hold spaces.
func fromState(stat string) []string {
	return strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
}
