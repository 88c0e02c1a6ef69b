package match

import (
	"io"
	"slices"
	"strings"

	"loopfault/errs"
	"loopfault/results/kernelreport"
	"loopfault/results/verdict"
)

// HangsIn reads a text and keeps the first hang of each signature. That there is none is the user's error, and says what is
// there instead; name is how the text is called in it.
func HangsIn(text io.Reader, name string) ([]kernelreport.Report, error) {
	var hangs []kernelreport.Report
	others := map[kernelreport.Kind]bool{}
	s := kernelreport.NewScanner(text)
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
	case len(others) == 0:
		return nil, errs.Usagef("%s: no kernel report in it; want a hung task, a task dump or a /proc/PID/stack", name)
	}
	var kinds []string
	for k := range others {
		kinds = append(kinds, string(k))
	}
	slices.Sort(kinds)
	return nil, errs.Usagef("%s: no hang in it, only %s; want a hung task, a task dump or a /proc/PID/stack", name, strings.Join(kinds, ", "))
}
