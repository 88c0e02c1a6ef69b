package agent

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"loopfault/workloads/watch"
	"loopfault/workloads/wire"
)

// collectFiles reads files in the output format of tail(1) with several files.
// Any read may block for ever in a hung guest, so each runs on its own and
// nothing waits for it. No process is started, since the guest may be out of
// memory.
func collectFiles(p wire.Collect) (wire.Content, error) {
	var out bytes.Buffer
	for _, pattern := range p.Patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			return wire.Content{}, err
		}
		if len(paths) == 0 {
			fmt.Fprintf(&out, "loopfault: no file %s\n", pattern)
		}
		for _, path := range paths {
			fmt.Fprintf(&out, "==> %s <==\n%s\n", path, readWithin(path, p.Each.D()))
			if out.Len() > maxCollected {
				return collected(out), nil
			}
		}
	}
	return collected(out), nil
}

// collected is an answer within its bound.
func collected(out bytes.Buffer) wire.Content {
	text := out.Bytes()
	if len(text) > maxCollected {
		text = cutShort(text, maxCollected, "the rest of what was asked for")
	}
	return wire.Content{Data: text}
}

func readWithin(path string, limit time.Duration) string {
	read := make(chan string, 1)
	go func() {
		text, err := readFile(path, maxCollected)
		if err != nil {
			text = fmt.Appendf(text, "loopfault: %v\n", err)
		}
		read <- string(text)
	}()
	select {
	case text := <-read:
		return text
	case <-time.After(limit):
		return fmt.Sprintf("loopfault: reading blocks for more than %s\n", limit)
	}
}

// collectTasks lists tasks: "== " and the line of stat, then its wait channel,
// its context switches, and its stack.
func collectTasks(p wire.TaskQuery) (wire.Content, error) {
	var out bytes.Buffer
	if p.Table {
		fmt.Fprintf(&out, tableRow, "PID", "TID", "PPID", "UID", "STAT", "WCHAN", "COMMAND")
	}
	tasks, _ := filepath.Glob("/proc/[0-9]*/task/[0-9]*")
	for _, dir := range tasks {
		stat := readText(dir, "stat")
		_, comm, state, ok := watch.ParseStat(stat)
		kind, _, _ := strings.Cut(comm, "/")
		if !ok || p.Blocked && state != "D" || len(p.Workloads) > 0 && !slices.Contains(p.Workloads, kind) {
			continue
		}
		if p.Table {
			writeRow(&out, dir, comm, state, stat)
			continue
		}
		fmt.Fprintf(&out, "== %s\n%s\n", strings.TrimSpace(stat), readText(dir, "wchan"))
		if !p.Blocked {
			for line := range strings.Lines(readText(dir, "status")) {
				if strings.Contains(line, "ctxt_switches") {
					out.WriteString(line)
				}
			}
		}
		out.WriteString(readText(dir, "stack"))
		if out.Len() > maxCollected {
			break
		}
	}
	return collected(out), nil
}

const tableRow = "%7s %7s %7s %5s %-4s %-40s %s\n"

// writeRow is a task as ps(1) shows it.
func writeRow(out *bytes.Buffer, dir, comm, state, stat string) {
	ppid, uid, wchan := "-", "-", readText(dir, "wchan")
	if f := strings.Fields(stat[strings.LastIndexByte(stat, ')'):]); len(f) > 2 {
		ppid = f[2]
	}
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err == nil {
		uid = fmt.Sprint(st.Uid)
	}
	if wchan == "" || wchan == "0" {
		wchan = "-"
	}
	process := filepath.Base(filepath.Dir(filepath.Dir(dir)))
	fmt.Fprintf(out, tableRow, process, filepath.Base(dir), ppid, uid, state, wchan, comm)
}

func readText(dir, name string) string {
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return string(text)
}
