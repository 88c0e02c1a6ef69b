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
		if IsEvidence(of) {
			return all.Add(of, in)
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
	hangs = once(append(Blocked(e), hangs...))
	switch {
	case len(hangs) > 0:
		return hangs, e, nil
	case all.collections > 0:
		return nil, e, errs.Usagef("%s: no task was blocked when this was collected, so there is nothing to look for", name)
	case texts == 1 && none != nil:
		return nil, e, none
	}
	return nil, e, errs.Usagef("%s: no hang in it; want a hung task, a task dump, a /proc/PID/stack, or what loopfault collect wrote", name)
}

// IsEvidence says whether a text is, by its name, one that trials and loopfault collect leave. Their lists of tasks have those
// that sleep well, too.
func IsEvidence(name string) bool {
	_, is := new(waitfor.Evidence).Files()[path.Join(evidence.Dir, path.Base(name))]
	return is
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

// Blocked are the tasks that were blocked at both looks, as reports.
func Blocked(e waitfor.Evidence) (hangs []kernelreport.Report) {
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
