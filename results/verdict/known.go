package verdict

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"loopfault/results/kernelreport"
)

//go:embed known.txt
var knownText string

// Splat is a crash report that says nothing about the kernel under test.
type Splat struct {
	Signature string
	Reason    string
}

// Splats is a list of such reports.
type Splats []Splat

// KnownSplats is the list that comes with the program.
func KnownSplats() Splats {
	list, err := ReadSplats(knownText)
	if err != nil {
		panic("known.txt: " + err.Error()) // a test reads it
	}
	return list
}

// ReadSplats reads a list: a signature, # and a reason on each line.
func ReadSplats(text string) (Splats, error) {
	var list Splats
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		signature, reason, _ := strings.Cut(line, "#")
		s := Splat{strings.TrimSpace(signature), strings.TrimSpace(reason)}
		kind := s.kind()
		switch {
		case kind == "" || strings.ContainsAny(s.Signature, " \t"):
			return nil, fmt.Errorf("line %d: expected SIGNATURE # reason, got %q", n, line)
		case !slices.Contains(crashes, kind):
			return nil, fmt.Errorf("line %d: %q is no kind of crash; hangs are never known", n, kind)
		case s.Reason == "":
			return nil, fmt.Errorf("line %d: %s has no reason", n, s.Signature)
		case list.has(s.Signature):
			return nil, fmt.Errorf("line %d: %s stands there twice", n, s.Signature)
		}
		list = append(list, s)
	}
	return list, nil
}

var crashes = []kernelreport.Kind{
	kernelreport.KindLockdep, kernelreport.KindLockUsage, kernelreport.KindKASAN,
	kernelreport.KindOops, kernelreport.KindBug, kernelreport.KindPanic,
}

// kind is the second part of a signature, a kind of report; "" when it is none.
func (s Splat) kind() kernelreport.Kind {
	parts := strings.SplitN(s.Signature, ":", 4)
	if len(parts) != 4 || parts[1] == "" {
		return ""
	}
	return kernelreport.Kind(parts[1])
}

func (l Splats) has(signature string) bool {
	return slices.ContainsFunc(l, func(s Splat) bool { return s.Signature == signature })
}

// Knows says whether a report is on the list.
func (l Splats) Knows(r kernelreport.Report) bool {
	return l.has(r.Signature)
}

// watchers are the kernel options without which some kinds are never reported.
var watchers = map[kernelreport.Kind]string{
	kernelreport.KindLockdep:   "PROVE_LOCKING",
	kernelreport.KindLockUsage: "PROVE_LOCKING",
	kernelreport.KindKASAN:     "KASAN",
}

// Expected says whether a kernel with this instrumentation ought to print the splat.
func (s Splat) Expected(instrumentation []string) bool {
	option, ok := watchers[s.kind()]
	return ok && slices.Contains(instrumentation, option)
}

// Blinds says that the kernel's detector is off after the splat: lockdep reports
// one possible deadlock in a boot.
func (s Splat) Blinds() bool { return s.kind() == kernelreport.KindLockdep }
