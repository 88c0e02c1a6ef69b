package texts

import (
	"bytes"
	"context"
	"io"
	"path"
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
	var hangs []kernelreport.Report
	var none error
	texts := 0
	err := textinput.Each(ctx, stdin, name, func(of string, in io.Reader) error {
		texts++
		kept := head{}
		if _, here := all.e.Files()[path.Join(evidence.Dir, path.Base(of))]; here {
			return all.Add(of, in) // a list of tasks has those that sleep well, too
		}
		var found []kernelreport.Report
		if found, none = match.HangsIn(io.TeeReader(in, &kept), of); none == nil {
			hangs = append(hangs, found...)
		}
		return all.Add(of, &kept.Buffer)
	})
	if err != nil {
		return nil, waitfor.Evidence{}, err
	}
	e, _ := all.Evidence()
	hangs = once(append(asleep(e), hangs...))
	switch {
	case len(hangs) > 0:
		return hangs, e, nil
	case texts == 1 && none != nil:
		return nil, e, none
	}
	return nil, e, errs.Usagef("%s: no hang in it; want a hung task, a task dump, a /proc/PID/stack, or what loopfault collect wrote", name)
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
