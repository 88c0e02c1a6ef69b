package match

import (
	"io"
	"slices"
	"strings"

	"loopfault/errs"
	"loopfault/results/kernelreport"
	"loopfault/results/report/plain"
	"loopfault/results/verdict"
)

// maxShown is how much is shown of a line that could not be read.
const maxShown = 200

// HangsIn reads a text and keeps the first hang of each signature. That there is none is the user's error, and says what is
// there instead; name is how the text is called in it.
func HangsIn(text io.Reader, name string) ([]kernelreport.Report, error) {
	var hangs []kernelreport.Report
	others := map[kernelreport.Kind]bool{}
	traces := kernelreport.NewTraces(text)
	s := kernelreport.NewScanner(traces)
	for s.Scan() {
		r := s.Report()
		if verdict.KindOf(r.Kind) != verdict.Hang {
			others[r.Kind] = true
		} else if !slices.ContainsFunc(hangs, func(h kernelreport.Report) bool { return h.Signature == r.Signature }) {
			hangs = append(hangs, r)
		}
	}
	switch {
	case s.Err() != nil:
		return nil, errs.ByUser(s.Err())
	case len(hangs) > 0:
		return hangs, nil
	case len(others) == 0 && traces.Number > 0:
		return nil, errs.Usagef("%s: no kernel report in it; line %d looks like a part of one, in a form that is not known: %s", name, traces.Number, plain.Short(traces.Line, maxShown))
	case len(others) == 0:
		return nil, errs.Usagef("%s: no kernel report in it; want a hung task, a task dump or a /proc/PID/stack", name)
	}
	var kinds []string
	for k := range others {
		kinds = append(kinds, strings.ReplaceAll(string(k), "_", " "))
	}
	slices.Sort(kinds)
	return nil, errs.Usagef("%s: no hang in it, only %s; want a hung task, a task dump or a /proc/PID/stack", name, strings.Join(kinds, ", "))
}
