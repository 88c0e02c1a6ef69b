// Package found finds kernel reports in texts and prints them one by one: a log may hold more of them than
// fit into memory.
package found

import (
	"encoding/json"
	"fmt"
	"io"

	"loopfault/results/kernelreport"
	"loopfault/results/report/plain"
	"loopfault/results/symbols"
)

// maxShown is how much is shown of a line that could not be read.
const maxShown = 200

// Unread says which line of a text without reports looks like a part of one.
func Unread(to io.Writer, name string, t *kernelreport.Traces) {
	fmt.Fprintf(to, "%s: line %d looks like a part of a report, in a form that is not known: %s\n", name, t.Number, plain.Short(t.Line, maxShown))
}

// Printer writes reports as they are found: a log may hold more of them than fit into memory.
type Printer struct {
	To       io.Writer
	Warnings io.Writer // for what could not be read
	JSON     bool
	Stacks   bool // text with all stack entries
	N        int  // how many there were so far
	Missed   bool // a log or a tree had no report, though something in it looks like a part of one
}

// print prints a report of the only text.
func (p *Printer) print(r kernelreport.Report) error {
	if p.JSON {
		return p.printJSON(r)
	}
	p.N++
	printReport(p.To, r, p.Stacks)
	return nil
}

// printOf prints a report of one text of several: in one line, or as JSON with its file.
func (p *Printer) printOf(file string, r kernelreport.Report) error {
	if p.JSON {
		return p.printJSON(struct {
			File string `json:"file"`
			kernelreport.Report
		}{file, r})
	}
	p.N++
	_, err := fmt.Fprintf(p.To, "%s: bytes %d to %d: %s (%s)\n", file, r.Start, r.End, r.Title, r.Signature)
	return err
}

// lists is what stands for the file of a task that a list of tasks has, which is read as a whole.
const lists = "lists of tasks"

// printListed prints a task that a list of tasks shows as blocked: in one line, or as JSON.
func (p *Printer) printListed(r kernelreport.Report) error {
	if p.JSON || len(r.Tasks) == 0 {
		return p.printOf(lists, r)
	}
	p.N++
	t, pid := r.Tasks[0], ""
	if t.PID != nil {
		pid = fmt.Sprintf(" %d", *t.PID)
	}
	_, err := fmt.Fprintf(p.To, "%s: %s%s: %s (%s)\n", lists, t.Comm, pid, r.Title, r.Signature)
	return err
}

func (p *Printer) printJSON(r any) error {
	p.N++
	text, err := json.MarshalIndent(r, "    ", "  ")
	if err != nil {
		return err
	}
	before := ",\n    "
	if p.N == 1 {
		before = "{\n  \"reports\": [\n    "
	}
	_, err = fmt.Fprintf(p.To, "%s%s", before, text)
	return err
}

// End is to be called when there are no more.
func (p *Printer) End() error {
	text := ""
	switch {
	case p.JSON && p.N == 0:
		text = "{\n  \"reports\": []\n}\n"
	case p.JSON:
		text = "\n  ]\n}\n"
	case p.N == 0:
		text = "no kernel reports found\n"
	}
	_, err := io.WriteString(p.To, text)
	return err
}

func printReport(w io.Writer, r kernelreport.Report, stacks bool) {
	fmt.Fprintf(w, "%s\n  kind %s, signature %s, bytes %d to %d", r.Title, r.Kind, r.Signature, r.Start, r.End)
	if r.Count > 1 {
		fmt.Fprintf(w, ", %d times", r.Count)
	}
	fmt.Fprintln(w)
	if r.Corrupted != "" {
		fmt.Fprintf(w, "  doubtful: %s\n", r.Corrupted)
	}
	for _, t := range r.Tasks {
		fmt.Fprintf(w, "  %s %q", t.Role, t.Comm)
		if t.PID != nil {
			fmt.Fprintf(w, " pid %d", *t.PID)
		}
		fmt.Fprintf(w, ": %d frames, waits in %s, blame %s\n", len(t.Frames), t.WaitFrame, t.BlameFrame)
		if stacks {
			symbols.Fprint(w, "    ", t.Frames)
		}
	}
}
