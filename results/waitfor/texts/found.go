package texts

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"loopfault/results/evidence"
	"loopfault/results/report/plain"
	"loopfault/results/waitfor"
)

// contents are what each text holds, for people.
var contents = map[string]string{
	"stacks.txt": "blocked task", "tasks.txt": "task", "rpc-tasks.txt": "RPC", "rpc-tasks-later.txt": "RPC", "rpc-xprt.txt": "connection",
	"nfsd.txt": "file of the NFS server", "mountstats.txt": "NFS mount", "ps.txt": "row of ps", "config.txt": "line of the kernel's configuration",
}

func amount(kind string, n int) string {
	what := contents[kind]
	if n != 1 {
		switch {
		case strings.HasPrefix(what, "file "):
			what = "files" + strings.TrimPrefix(what, "file")
		case strings.HasPrefix(what, "row "):
			what = "rows" + strings.TrimPrefix(what, "row")
		case strings.HasPrefix(what, "line "):
			what = "lines" + strings.TrimPrefix(what, "line")
		default:
			what += "s"
		}
	}
	return fmt.Sprintf("%d %s", n, what)
}

// tell remembers what a text added.
func (t *Texts) tell(name string, before map[string]int, hangs int, others []string) {
	var found []string
	for _, kind := range slices.Sorted(maps.Keys(t.parts)) {
		if n := t.parts[kind].n - before[kind]; n > 0 {
			found = append(found, fmt.Sprintf("%s (called %s here)", amount(kind, n), kind))
		}
	}
	if hangs == 1 {
		found = append(found, "1 report of a task that sleeps")
	} else if hangs > 1 {
		found = append(found, fmt.Sprintf("%d reports of tasks that sleep", hangs))
	}
	switch len(others) {
	case 0:
	case 1:
		found = append(found, fmt.Sprintf("1 report of something else (%s); loopfault parse shows it", plain.Short(others[0], 80)))
	default:
		found = append(found, fmt.Sprintf("%d reports of something else (the first: %s); loopfault parse shows them", len(others), plain.Short(others[0], 80)))
	}
	if len(found) > 0 && len(t.from) < 64 {
		t.from = append(t.from, fmt.Sprintf("in %s: %s", plain.Short(name, 80), strings.Join(found, ", ")))
	}
}

// Evidence is what all texts hold together. It is not ok if they name no task, no RPC and no lock.
func (t *Texts) Evidence() (e waitfor.Evidence, ok bool) {
	t.elsewhere().From = t.from
	files := t.e.Files()
	for kind, p := range t.parts {
		if to := files[path.Join(evidence.Dir, kind)]; to != nil && *to == "" {
			*to = p.text.String()
		}
	}
	if !strings.Contains(t.e.Config, "# Linux/") && t.kernel != "" {
		t.e.Config += fmt.Sprintf("# Linux/unknown %s Kernel Configuration\n", t.kernel) // which lists of RPCs it has
	}
	return t.e, t.e.Stacks != "" || t.e.Tasks != "" || t.e.RPCTasks != "" || len(t.e.Reports) > 0
}

// looksRight says whether a text with the name of one of a trial's evidence has the form of it.
func looksRight(name, text string) bool {
	first, _, _ := strings.Cut(text, "\n")
	switch name {
	case "stacks.txt", "tasks.txt":
		return statLine.MatchString(first) || first == ""
	case "rpc-tasks.txt", "rpc-tasks-later.txt", "rpc-xprt.txt", "nfsd.txt", "memory.txt":
		return heading.MatchString(first) || strings.HasPrefix(first, "loopfault: ")
	case "mountstats.txt":
		return mount.MatchString(first) || heading.MatchString(first)
	case "ps.txt":
		return strings.Contains(first, "WCHAN")
	case "config.txt":
		return strings.HasPrefix(first, "#") || strings.HasPrefix(first, "CONFIG_")
	}
	return false
}

// unread says that a text holds nothing but why it could not be read.
func unread(name, text string) bool {
	if name == "stacks.txt" || name == "tasks.txt" {
		return text != "" && !strings.Contains(text, "\n[<")
	}
	// An empty file was read: a heading without a problem below it.
	headed := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case heading.MatchString(line):
			if headed {
				return false
			}
			headed = true
		case strings.HasPrefix(line, "loopfault: "):
			headed = false
		case line != "":
			return false
		}
	}
	return !headed
}

// count is how many tasks, RPCs, files or mounts a text of a trial's evidence holds.
func count(name, text string) int {
	n := 0
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		switch name {
		case "stacks.txt", "tasks.txt":
			if statLine.MatchString(line) {
				n++
			}
		case "rpc-tasks.txt", "rpc-tasks-later.txt":
			if rpcLine.MatchString(line) {
				n++
			}
		case "rpc-xprt.txt", "nfsd.txt":
			if heading.MatchString(line) {
				n++
			}
		case "mountstats.txt":
			if m := mount.FindStringSubmatch(line); m != nil && strings.HasPrefix(m[1], "nfs") {
				n++
			}
		}
	}
	return n
}
