package summary

import (
	"cmp"
	"slices"

	"loopfault/results/known"
	"loopfault/results/observe"
	"loopfault/results/paths"
	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// Arm is one kernel's row. Rates are of the trials that count.
type Arm struct {
	Name      string `json:"name"`
	Kernel    string `json:"kernel"`
	Control   bool   `json:"control"`
	NoFault   bool   `json:"no_fault,omitempty"`
	Trials    int    `json:"trials"`
	Retried   int    `json:"retried"`   // trials that took more than one attempt
	Exercised int    `json:"exercised"` // trials in which the target was called on the scenario's path
	Landed    int    `json:"landed"`    // trials in which a fault landed
	Calls     int64  `json:"calls"`     // calls of the target on the scenario's path over all trials
	Hits      int64  `json:"hits"`      // faults that landed on it over all trials
	// Observed are the claims about the mechanism, counted over all trials.
	Observed []observe.Observed `json:"observed,omitempty"`
	// Paths are all calls of the target, and the faults that landed in them, by the way
	// that led to it: names with a slash are parts of the path before it.
	Paths    map[string]paths.Count `json:"paths,omitempty"`
	Verdicts map[verdict.Kind]int   `json:"verdicts"`
	// Known is how many of the hangs and crashes among the verdicts the campaign's list of
	// known issues names. They are left out of all rates.
	Known map[verdict.Kind]int `json:"known,omitempty"`
	// Stalls says that stalls count as hangs do, here and in comparisons.
	Stalls        bool       `json:"count_stalls,omitempty"`
	HangRate      float64    `json:"hang_rate"`
	Interval      [2]float64 `json:"hang_rate_ci95"`
	Below         *float64   `json:"hang_rate_below"` // one-sided bound at 95 %, when no trial hung
	StallRate     float64    `json:"stall_rate"`
	StallInterval [2]float64 `json:"stall_rate_ci95"`
	Exposure
	Signatures []Signature    `json:"signatures"`
	Reasons    map[string]int `json:"reasons,omitempty"` // of inconclusive trials and errors
}

// Exposure is the time side of an arm: its trials that count and whose time
// under load is known.
type Exposure struct {
	Hours           float64     `json:"hours"` // of guests under load; 0 when not known
	PerHour         *float64    `json:"hangs_per_hour"`
	PerHourInterval *[2]float64 `json:"hangs_per_hour_ci95"`
	// MedianToHang is in seconds under load, by Kaplan-Meier: trials that ended
	// without a hang are no evidence of what would have come later. Unknown
	// while more than half of the trials have not hung.
	MedianToHang *float64 `json:"median_seconds_to_hang"`
}

// Signature is one hang or crash and how many trials ended with it.
type Signature struct {
	Signature string       `json:"signature"`
	Title     string       `json:"title"`
	Kind      verdict.Kind `json:"kind"`
	Count     int          `json:"count"`
	Detectors []string     `json:"detectors"` // all that saw it, over all trials
	// Explanation is who waits for whom in the first trial that could tell.
	Explanation string `json:"explanation,omitempty"`
	// Resource is what tasks wait for in the end, where all trials agree on that.
	Resource string `json:"resource,omitempty"`
	// Known is the reason that the campaign's list of known issues gives for it; empty if the list does not name it.
	Known string `json:"known,omitempty"`
}

// Hang is what lists of known issues compare.
func (s Signature) Hang() known.Hang { return known.Hang{Signature: s.Signature, Resource: s.Resource} }

// Counted is how many trials of the arm say something about its hang rate.
func (a Arm) Counted() int {
	return verdict.Counted(a.Verdicts)
}

func (a Arm) count() stats.Count {
	return stats.Count{Hits: a.Hung(), Trials: a.Counted()}
}

// Hung is how many trials of the arm hung; stalls are among them if they are to count.
func (a Arm) Hung() int {
	n := a.Verdicts[verdict.Hang] - a.Known[verdict.Hang]
	if a.Stalls {
		n += a.Verdicts[verdict.Stall]
	}
	return n
}

// Crashed is how many trials of the arm crashed in a way that is not known.
func (a Arm) Crashed() int { return a.Verdicts[verdict.Crash] - a.Known[verdict.Crash] }

// newArm is an arm without trials.
func newArm(m store.Manifest, arm store.Arm) Arm {
	a := Arm{
		Stalls: m.StallsCount(arm.Name),
		Name:   arm.Name, Kernel: arm.Kernel, Control: arm.Control, NoFault: arm.NoFault,
		Verdicts: map[verdict.Kind]int{}, Signatures: []Signature{}, Reasons: map[string]int{},
	}
	for _, k := range verdict.Kinds() {
		a.Verdicts[k] = 0
	}
	return a
}

// finish works the rates out, of the arm's own trials.
func (a *Arm) finish(own []outcome) {
	slices.SortStableFunc(a.Signatures, func(x, y Signature) int { return y.Count - x.Count })
	n := a.count()
	a.HangRate = n.Rate()
	a.Interval[0], a.Interval[1] = stats.Interval(n.Hits, n.Trials)
	if n.Hits == 0 && n.Trials > 0 {
		below := stats.Below(n.Trials)
		a.Below = &below
	}
	stalls := stats.Count{Hits: a.Verdicts[verdict.Stall], Trials: n.Trials}
	a.StallRate = stalls.Rate()
	a.StallInterval[0], a.StallInterval[1] = stats.Interval(stalls.Hits, stalls.Trials)
	a.Exposure = expose(own)
}

func (a *Arm) add(t store.Trial, listed *known.Issue) {
	a.Trials++
	a.Verdicts[t.Verdict.Kind]++
	if listed != nil {
		if a.Known == nil {
			a.Known = map[verdict.Kind]int{}
		}
		a.Known[t.Verdict.Kind]++
	}
	a.Calls += t.Exercised
	a.Hits += t.Landed
	a.Paths = paths.Merge(a.Paths, t.Paths)
	a.Observed = observe.Add(a.Observed, t.Observed)
	if t.Attempts > 1 {
		a.Retried++
	}
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
		a.addSignature(t, listed)
	}
}

func (a *Arm) addSignature(t store.Trial, listed *known.Issue) {
	v := t.Verdict
	why := ""
	if listed != nil {
		why = listed.Why()
	}
	i := slices.IndexFunc(a.Signatures, func(s Signature) bool { return s.Signature == v.Signature && s.Kind == v.Kind && s.Known == why })
	if i < 0 {
		a.Signatures = append(a.Signatures, Signature{Signature: v.Signature, Title: v.Title, Kind: v.Kind, Detectors: []string{}, Resource: t.Resource, Known: why})
		i = len(a.Signatures) - 1
	}
	s := &a.Signatures[i]
	s.Count++
	if s.Resource != t.Resource {
		s.Resource = ""
	}
	s.Explanation = cmp.Or(s.Explanation, t.Explanation)
	for _, d := range v.Detectors {
		if !slices.Contains(s.Detectors, d) {
			s.Detectors = append(s.Detectors, d)
		}
	}
}

func expose(own []outcome) Exposure {
	var e Exposure
	var watched []stats.Watched
	hung := 0
	for _, o := range own {
		if !o.counts || o.work <= 0 {
			continue
		}
		watched = append(watched, stats.Watched{Time: o.work, Hit: o.hit})
		e.Hours += o.work / 3600
		if o.hit {
			hung++
		}
	}
	if len(watched) == 0 {
		return e
	}
	rate := float64(hung) / e.Hours
	low, high := stats.PoissonInterval(hung, e.Hours)
	e.PerHour, e.PerHourInterval = &rate, &[2]float64{low, high}
	if median, ok := stats.KaplanMeier(watched).Median(); ok {
		e.MedianToHang = &median
	}
	return e
}
