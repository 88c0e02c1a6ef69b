// Package summary derives summary.json from the trials of a run: counts,
// rates and comparisons. It is a pure function, so that a summary can always
// be made again.
package summary

import (
	"slices"

	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// Summary is summary.json.
type Summary struct {
	Scenario    string       `json:"scenario"`
	Trusted     bool         `json:"trusted"`           // false: a control arm did not hang
	Problem     string       `json:"problem,omitempty"` // why it is not trusted
	Arms        []Arm        `json:"arms"`
	Comparisons []Comparison `json:"comparisons"`
}

// Arm is one kernel's row.
type Arm struct {
	Name       string               `json:"name"`
	Kernel     string               `json:"kernel"`
	Control    bool                 `json:"control"`
	Trials     int                  `json:"trials"`
	Exercised  int                  `json:"exercised"` // trials in which the target was called
	Landed     int                  `json:"landed"`    // trials in which a fault landed
	Calls      int64                `json:"calls"`     // calls of the target over all trials
	Hits       int64                `json:"hits"`      // faults that landed over all trials
	Verdicts   map[verdict.Kind]int `json:"verdicts"`
	HangRate   float64              `json:"hang_rate"` // of the trials that count
	Interval   [2]float64           `json:"hang_rate_ci95"`
	Signatures []Signature          `json:"signatures"`
	Reasons    map[string]int       `json:"reasons,omitempty"` // of inconclusive trials and errors
}

// Signature is one hang or crash and how many trials ended with it.
type Signature struct {
	Signature string       `json:"signature"`
	Title     string       `json:"title"`
	Kind      verdict.Kind `json:"kind"`
	Count     int          `json:"count"`
	Detectors []string     `json:"detectors"` // all that saw it, over all trials
}

// Comparison is one arm against the base arm.
type Comparison struct {
	Base string `json:"base"`
	Arm  string `json:"arm"`
	stats.Compared
}

// Counted is how many trials of the arm say something about its hang rate.
func (a Arm) Counted() int {
	return a.Verdicts[verdict.Clean] + a.Verdicts[verdict.Hang] + a.Verdicts[verdict.Crash]
}

// Of summarizes trials. The first arm that is no control is the base of all
// comparisons; controls are not compared, they only have to hang.
func Of(m store.Manifest, trials []store.Trial) Summary {
	s := Summary{Scenario: m.Name, Trusted: true, Comparisons: []Comparison{}}
	base := -1
	for _, arm := range m.Arms {
		a := sumArm(arm, trials)
		s.Arms = append(s.Arms, a)
		i := len(s.Arms) - 1
		switch {
		case a.Control:
			if a.Trials > 0 && a.Verdicts[verdict.Hang] == 0 {
				s.Trusted = false
				s.Problem = "control arm " + a.Name + " did not hang: the detector or the injector is broken, trust no clean result of this run"
			}
		case base < 0:
			base = i
		default:
			b := s.Arms[base]
			s.Comparisons = append(s.Comparisons, Comparison{
				Base: b.Name, Arm: a.Name,
				Compared: stats.Compare([]stats.Pair{{
					Base: stats.Count{Hits: b.Verdicts[verdict.Hang], Trials: b.Counted()},
					Arm:  stats.Count{Hits: a.Verdicts[verdict.Hang], Trials: a.Counted()},
				}}, 0)[0],
			})
		}
	}
	return s
}

func sumArm(arm store.Arm, trials []store.Trial) Arm {
	a := Arm{
		Name: arm.Name, Kernel: arm.Kernel, Control: arm.Control,
		Verdicts: map[verdict.Kind]int{}, Signatures: []Signature{}, Reasons: map[string]int{},
	}
	for _, k := range verdict.Kinds() {
		a.Verdicts[k] = 0
	}
	for _, t := range trials {
		if t.Arm != arm.Name {
			continue
		}
		a.Trials++
		a.Verdicts[t.Verdict.Kind]++
		a.Calls += t.Exercised
		a.Hits += t.Landed
		if t.Exercised > 0 {
			a.Exercised++
		}
		if t.Landed > 0 {
			a.Landed++
		}
		if t.Reason != "" {
			a.Reasons[t.Reason]++
		}
		if t.Signature != "" {
			a.addSignature(t.Verdict)
		}
	}
	slices.SortStableFunc(a.Signatures, func(x, y Signature) int { return y.Count - x.Count })
	n := a.Counted()
	if n > 0 {
		a.HangRate = float64(a.Verdicts[verdict.Hang]) / float64(n)
	}
	a.Interval[0], a.Interval[1] = stats.Interval(a.Verdicts[verdict.Hang], n)
	return a
}

func (a *Arm) addSignature(v verdict.Verdict) {
	i := slices.IndexFunc(a.Signatures, func(s Signature) bool { return s.Signature == v.Signature && s.Kind == v.Kind })
	if i < 0 {
		a.Signatures = append(a.Signatures, Signature{Signature: v.Signature, Title: v.Title, Kind: v.Kind})
		i = len(a.Signatures) - 1
	}
	s := &a.Signatures[i]
	s.Count++
	for _, d := range v.Detectors {
		if !slices.Contains(s.Detectors, d) {
			s.Detectors = append(s.Detectors, d)
		}
	}
}
