package bundle

import (
	"fmt"

	"loopfault/results/store"
	"loopfault/results/summary"
)

// Repeated is what run --bundle --json prints of a bundled trial.
type Repeated struct {
	summary.Output
	Trial      Trial `json:"trial"`
	Reproduced *int  `json:"reproduced"` // trial in which the same came of it; null if there is none
}

// Repeated is a run that repeats the trial, with what came of its trials.
func (t Trial) Repeated(o summary.Output, trials []store.Trial) Repeated {
	r := Repeated{Output: o, Trial: t}
	if same := t.In(trials); same != nil {
		r.Reproduced = &same.N
	}
	return r
}

// TrialOf is what a trial of that name, RUN/NUMBER, came to.
func TrialOf(name string, t store.Trial) *Trial {
	return &Trial{Name: name, Verdict: t.Verdict.Kind, Title: t.Title, Signature: t.Signature, Resource: t.Resource}
}

// Same says whether another trial came to the same, at the same place, or with its tasks waiting for the same: which of them is
// reported first, and so names the hang, is chance.
func (t Trial) Same(o store.Trial) bool {
	waits := t.Resource != "" && o.Resource == t.Resource
	return o.Verdict.Kind == t.Verdict && (waits || o.Verdict.Signature == t.Signature)
}

// In is the first of some trials that came to the same; nil if none did.
func (t Trial) In(trials []store.Trial) *store.Trial {
	for i := range trials {
		if t.Same(trials[i]) {
			return &trials[i]
		}
	}
	return nil
}

// Again says in a line whether one of some trials came to the same again, and what to try if nothing came of any.
func (t Trial) Again(trials []store.Trial, try string) string {
	what := fmt.Sprintf("%s (%s)", t.Verdict, t.Title)
	if t.Title == "" {
		what = string(t.Verdict)
	}
	if o := t.In(trials); o != nil {
		again := fmt.Sprintf("REPRODUCED in trial %d of %d: %s, as in trial %s", o.N, len(trials), what, t.Name)
		if o.Verdict.Signature != t.Signature {
			again += fmt.Sprintf("; its tasks wait for the same (%s), and another of them was reported first", t.Resource)
		}
		return again
	}
	for _, o := range trials {
		if o.Title != "" {
			return fmt.Sprintf("NOT reproduced, but something else: %s (%s); trial %s was %s", o.Verdict.Kind, o.Title, t.Name, what)
		}
	}
	return fmt.Sprintf("NOT reproduced in %d trials; trial %s was %s. Timing is not in a seed: %s", len(trials), t.Name, what, try)
}
