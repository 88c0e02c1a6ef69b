package texts

import (
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"

	"loopfault/errs"
	"loopfault/results/evidence"
	"loopfault/results/kernelreport"
	"loopfault/results/report/plain"
	"loopfault/results/waitfor"
)

// Bounds, in bytes.
const (
	maxText = 64 << 20 // of one text; of a longer one the end is read
	maxLine = 4 << 10
	maxKind = 16 << 20 // that is kept of one kind
)

// Texts are the texts of one hang so far.
type Texts struct {
	Unread []Unread // texts in which something looks like a report, in a form that is not known

	e           waitfor.Evidence
	collections int
	kernel      string          // release that a text names
	uptime      float64         // of the machine when a collector looked at it, 0 if none did
	read        map[string]bool // texts of that machine, by name
	from        []string
	parts       map[string]*part // by the file of a trial's evidence that holds such texts
}

// Unread is a text in which no report was found, and what looks like one.
type Unread struct {
	Name   string
	Traces *kernelreport.Traces
}

// part is what was found of one kind.
type part struct {
	text strings.Builder
	n    int    // lines, files or tasks
	in   string // the section in which the last line was
}

// New starts without any text.
func New() *Texts { return &Texts{parts: map[string]*part{}, read: map[string]bool{}} }

// Add reads one text. name is how it is called in what people read; of a text in a tree it is the path in it.
func (t *Texts) Add(name string, in io.Reader) error {
	text, err := end(in)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if path.Base(name) == evidence.CollectionFile && t.collection(text) {
		if t.collections++; t.collections > 1 {
			return errs.Usagef("%s: a second collection; want the texts of one machine at one time, since tasks are told apart by their pids", name)
		}
		return nil
	}
	if t.whole(name, text) {
		return nil
	}
	before := map[string]int{}
	for kind, p := range t.parts {
		before[kind] = p.n
	}
	s := sorter{t: t}
	for line := range strings.Lines(text) {
		s.line(strings.TrimRight(line[:min(len(line), maxLine)], "\r\n"))
	}
	s.flush()
	hangs, others := t.hangs(name, text)
	t.tell(name, before, hangs, others)
	return nil
}

// collection reads what a collector says of its texts.
func (t *Texts) collection(text string) bool {
	var c evidence.Collection
	const day, century = 24 * 3600, 100 * 365 * 24 * 3600 // seconds; more is no machine's
	if json.Unmarshal([]byte(text), &c) != nil || c.Format != evidence.CollectionFormat || c.Apart < 0 || c.Apart > day || c.Uptime < 0 || c.Uptime > century {
		return false
	}
	t.elsewhere().Apart = c.Apart
	t.elsewhere().Own = c.Own
	t.kernel, t.uptime = plain.Short(c.Kernel, 64), c.Uptime
	t.from = append(t.from, fmt.Sprintf("taken by loopfault collect on Linux %s, %d s after its boot; two looks, %.0f s apart", t.kernel, int(c.Uptime), c.Apart))
	for i, p := range c.Problems {
		if i == 8 {
			t.from = append(t.from, fmt.Sprintf("and %d more that could not be read", len(c.Problems)-i))
			break
		}
		t.from = append(t.from, "not read there: "+plain.Short(p, 200))
	}
	for i, l := range c.Left {
		if i < 8 {
			t.from = append(t.from, "a read did not return there: "+plain.Short(l.Path, 200))
		}
	}
	return true
}

func (t *Texts) elsewhere() *waitfor.Elsewhere {
	if t.e.Elsewhere == nil {
		t.e.Elsewhere = &waitfor.Elsewhere{}
	}
	return t.e.Elsewhere
}

// whole takes a text unchanged that has the name and the form of a trial's evidence.
func (t *Texts) whole(name, text string) bool {
	if path.Base(name) == evidence.History && t.e.History == "" && strings.HasPrefix(text, `{"t":`) {
		t.e.History = text
		return true
	}
	to := t.e.Files()[path.Join(evidence.Dir, path.Base(name))]
	if to == nil || *to != "" || !looksRight(path.Base(name), text) {
		return false
	}
	if unread(path.Base(name), text) {
		t.from = append(t.from, path.Base(name)+": nothing in it could be read on that machine")
		return true // that nothing is in it means nothing
	}
	*to = text
	t.read[path.Base(name)] = true
	// An empty list of RPCs or of blocked tasks is evidence, too.
	if n := count(path.Base(name), text); n > 0 || strings.HasPrefix(path.Base(name), "rpc-tasks") || path.Base(name) == "stacks.txt" {
		t.from = append(t.from, fmt.Sprintf("%s: %s", path.Base(name), amount(path.Base(name), n)))
	}
	return true
}

// hangs adds the reports of sleeping tasks in a text; of several boots those of the last one that has any. others are the
// titles of reports of something else.
func (t *Texts) hangs(name, text string) (hangs int, others []string) {
	boot := strings.LastIndex(text, "Linux version ")
	traces := kernelreport.NewTraces(strings.NewReader(text))
	s := kernelreport.NewScanner(traces)
	var all []kernelreport.Report
	any := false
	for s.Scan() {
		r := s.Report()
		any = true
		switch r.Kind {
		case kernelreport.KindHungTask, kernelreport.KindBlockedTask, kernelreport.KindProcStack:
		default:
			if r.Kind != kernelreport.KindFaultInjection && len(others) < maxReports {
				others = append(others, r.Title)
			}
			continue
		}
		if len(all) > 0 && r.Start > boot && all[0].Start < boot {
			all = nil // of an earlier boot
		}
		if len(all) < maxReports {
			all = append(all, r)
		}
	}
	for _, r := range all {
		if t.kernel == "" {
			t.kernel = r.Kernel
		}
	}
	t.e.Reports = append(t.e.Reports, all...)
	if strings.Contains(text, "Showing all locks held in the system:") {
		t.e.Console = text
	}
	if !any && traces.Number > 0 {
		t.Unread = append(t.Unread, Unread{name, traces})
	}
	return len(all), others
}

// maxReports is how many reports of tasks are looked at in a text.
const maxReports = 4096

// end reads a text, of a long one its end.
func end(in io.Reader) (string, error) {
	var kept []byte
	buf := make([]byte, 1<<20)
	for {
		n, err := in.Read(buf)
		kept = append(kept, buf[:n]...)
		if len(kept) > 2*maxText {
			kept = append([]byte(nil), kept[len(kept)-maxText:]...)
		}
		if err == io.EOF {
			return string(kept[max(0, len(kept)-maxText):]), nil
		}
		if err != nil {
			return "", err
		}
	}
}
