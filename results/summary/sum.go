package summary

import (
	"slices"
	"strings"
	"time"

	"loopfault/results/store"
)

// Sum summarizes a run trial by trial, in little memory: it keeps counts, and a few numbers of each trial. A run of a
// hundred thousand trials is merged with it.
type Sum struct {
	manifest     store.Manifest
	arms         []Arm
	outcomes     []outcome
	instrumented map[string][]string       // what of the set-up was had by changing the kernel, by arm
	splats       map[string]map[string]int // trials that a known splat was seen in, by arm and signature
	hosts        map[string]string         // names, each once
	gapless      *Sum                      // of the trials before the first gap in the plan, where those decide; nil elsewhere
}

// outcome is what statistics need of one trial.
type outcome struct {
	n           int
	arm         string // as the manifest has it; "" if it has none of that name
	host        string // of a trial of a shard
	seed        uint64 // which all trials of a round share
	started     time.Time
	work        float64 // seconds under load
	counts, hit bool
}

// NewSum begins a summary without trials.
func NewSum(m store.Manifest) *Sum {
	s := newSum(m)
	if m.Until == store.UntilAnswer {
		s.gapless = newSum(m)
	}
	return s
}

func newSum(m store.Manifest) *Sum {
	s := &Sum{manifest: m, instrumented: map[string][]string{}, splats: map[string]map[string]int{}, hosts: map[string]string{}}
	for _, arm := range m.Arms {
		s.arms = append(s.arms, newArm(m, arm))
		s.splats[arm.Name] = map[string]int{}
	}
	return s
}

// Add counts a trial. Trials come in the order of the plan.
func (s *Sum) Add(t store.Trial) {
	if s.gapless != nil && t.N == len(s.gapless.outcomes)+1 { // see inOrder
		s.gapless.Add(t)
	}
	o := outcome{
		n: t.N, host: s.host(t.Host), seed: t.Seed, started: t.Started, work: t.WorkSeconds,
		counts: t.Verdict.Kind.Counts(), hit: s.manifest.Hit(t),
	}
	if i := slices.IndexFunc(s.arms, func(a Arm) bool { return a.Name == t.Arm }); i >= 0 {
		a := &s.arms[i]
		o.arm = a.Name
		a.add(t, s.manifest.KnownIssue(t))
		for _, what := range t.Instrumented {
			if !slices.Contains(s.instrumented[a.Name], what) {
				s.instrumented[a.Name] = append(s.instrumented[a.Name], what)
			}
		}
		for _, signature := range slices.Compact(slices.Sorted(slices.Values(t.Known))) {
			s.splats[a.Name][signature]++
		}
	}
	s.outcomes = append(s.outcomes, o)
}

func (s *Sum) host(name string) string {
	if known, ok := s.hosts[name]; ok {
		return known
	}
	s.hosts[name] = name
	return name
}

// SummaryOf is Summary with the final manifest, of a run whose hosts and shards were not known from the beginning.
func (s *Sum) SummaryOf(m store.Manifest) Summary {
	s.manifest = m
	return s.Summary()
}

// Summary is that of the trials so far.
func (s *Sum) Summary() Summary {
	m := s.manifest
	sum := Summary{Scenario: m.Name}
	for _, a := range s.arms {
		own := of(a.Name, s.outcomes)
		a.finish(own)
		sum.Arms = append(sum.Arms, a)
		sum.Problems = append(sum.Problems, problems(m, a, own)...)
	}
	sum.Trusted, sum.Problem = len(sum.Problems) == 0, strings.Join(sum.Problems, "; ")
	sum.Comparisons = compare(m, sum.Arms, s.outcomes)
	sum.Notes = s.notes(sum)
	return sum
}

// of is the outcomes of one arm.
func of(arm string, outcomes []outcome) []outcome {
	var own []outcome
	for _, o := range outcomes {
		if o.arm == arm {
			own = append(own, o)
		}
	}
	return own
}

// hangs is, of each trial that counts, whether it hung.
func hangs(outcomes []outcome) []bool {
	var hung []bool
	for _, o := range outcomes {
		if o.counts {
			hung = append(hung, o.hit)
		}
	}
	return hung
}
