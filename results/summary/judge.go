package summary

import (
	"fmt"
	"slices"

	"loopfault/results/stats"
	"loopfault/results/verdict"
)

// Judgement is what a campaign as a whole comes to.
type Judgement int

const (
	Clean        Judgement = iota // every trial that counts is clean
	Found                         // a hang or crash, or an arm that is worse
	Inconclusive                  // nothing can be said: no trial counts, or the control did not hang
	Broken                        // only failures of the harness itself
)

var judgements = []string{"clean", "found", "inconclusive", "broken"}

// MarshalText gives the word for it.
func (j Judgement) MarshalText() ([]byte, error) { return []byte(judgements[j]), nil }

// UnmarshalText reads the word.
func (j *Judgement) UnmarshalText(text []byte) error {
	at := slices.Index(judgements, string(text))
	if at < 0 {
		return fmt.Errorf("%q is none of %v", text, judgements)
	}
	*j = Judgement(at)
	return nil
}

// Judge sums a summary up in one word. Hangs of control arms are wanted and
// are no finding; a control that does not hang makes everything inconclusive.
func Judge(s Summary) Judgement {
	trials, counted, broken, found := 0, 0, 0, false
	for _, a := range s.Arms {
		if a.Control || a.NoFault {
			continue // the summary says whether they can be trusted
		}
		trials += a.Trials
		counted += a.Counted()
		broken += a.Verdicts[verdict.Error]
		found = found || a.Hung()+a.Crashed() > 0
	}
	for _, c := range s.Comparisons {
		found = found || c.Word == stats.Worse
	}
	switch {
	case !s.Trusted:
		return Inconclusive
	case found:
		return Found
	case trials > 0 && broken == trials:
		return Broken
	case counted == 0 || inconclusiveArm(s):
		return Inconclusive
	}
	return Clean
}

// Worse is what two campaigns come to together: a finding outweighs everything, and
// anything outweighs clean.
func Worse(a, b Judgement) Judgement {
	if b == Found || a == Clean {
		return b
	}
	return a
}

// Missing is the judgement where trials may be missing: they may hang.
func (j Judgement) Missing(some bool) Judgement {
	if some {
		return Worse(j, Inconclusive)
	}
	return j
}

// inconclusiveArm says whether some arm has trials of which none counts.
func inconclusiveArm(s Summary) bool {
	for _, a := range s.Arms {
		if a.Trials > 0 && a.Counted() == 0 {
			return true
		}
	}
	return false
}
