package texts

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"

	"loopfault/errs"
	"loopfault/results/evidence"
	"loopfault/results/kernelreport"
	"loopfault/results/match"
	"loopfault/results/textinput"
	"loopfault/results/waitfor"
)

// Hangs are the hangs that a text, or the texts of a directory or an archive, tell of: each signature once, and what else was
// found. That there is none is the user's error.
func Hangs(ctx context.Context, stdin io.Reader, name string) ([]kernelreport.Report, waitfor.Evidence, error) {
	all := New()
	if tree := textinput.TreeOf(name); tree != nil {
		if err := tree.Walk(ctx, all.Add); err != nil {
			return nil, waitfor.Evidence{}, err
		}
		e, _ := all.Evidence()
		hangs := once(append(asleep(e), e.Reports...))
		if len(hangs) == 0 {
			return nil, e, errs.Usagef("%s: no hang in it; want a hung task, a task dump, a /proc/PID/stack, or what loopfault collect wrote", name)
		}
		return hangs, e, nil
	}
	in, err := textinput.Open(ctx, stdin, []string{name})
	if err != nil {
		return nil, waitfor.Evidence{}, err
	}
	defer in.Close()
	if name == "-" {
		name = "standard input"
	}
	kept := head{}
	hangs, err := match.HangsIn(io.TeeReader(in[0], &kept), name)
	if err != nil {
		return nil, waitfor.Evidence{}, err
	}
	if err := all.Add(name, &kept.Buffer); err != nil {
		return nil, waitfor.Evidence{}, err
	}
	e, _ := all.Evidence()
	return hangs, e, nil
}

// head keeps the beginning of what is written to it.
type head struct{ bytes.Buffer }

func (h *head) Write(p []byte) (int, error) {
	if room := maxText - h.Len(); room > 0 {
		h.Buffer.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}

func once(hangs []kernelreport.Report) []kernelreport.Report {
	var out []kernelreport.Report
	for _, h := range hangs {
		if !slices.ContainsFunc(out, func(o kernelreport.Report) bool { return o.Signature == h.Signature }) {
			out = append(out, h)
		}
	}
	return out
}

// asleep are the tasks that were blocked at both looks, as reports.
func asleep(e waitfor.Evidence) (hangs []kernelreport.Report) {
	later := map[int]evidence.Task{}
	for t := range evidence.Tasks(strings.Lines(e.Tasks)) {
		later[t.PID] = t
	}
	for t := range evidence.Tasks(strings.Lines(e.Stacks)) {
		again, there := later[t.PID]
		moved := e.Tasks != "" && (!there || again.State != t.State || t.Switches >= 0 && again.Switches != t.Switches)
		if t.State == "D" && t.Stack != "" && !moved {
			hangs = append(hangs, kernelreport.FromStack(t.Comm, t.PID, t.State, 0, t.Stack))
		}
	}
	return hangs
}
