package bisect

import (
	"fmt"
	"math"
	"slices"

	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/results/waitfor"
)

// Tally is what the trials of one commit showed.
type Tally struct {
	Trials  int `json:"trials"`
	Hangs   int `json:"hangs"`   // of a wanted signature, crashes too
	Others  int `json:"others"`  // hangs and crashes of another
	Clean   int `json:"clean"`   // that count
	Nothing int `json:"nothing"` // inconclusive, or failures of the harness
}

// Counted is how many trials tell about the wanted hang. A trial with another
// hang ended before the wanted one could occur.
func (t Tally) Counted() int { return t.Hangs + t.Clean }

func (t Tally) count() stats.Count { return stats.Count{Hits: t.Hangs, Trials: t.Counted()} }

// tally counts trials; with no signatures wanted, every hang counts.
func tally(wanted []string, trials []store.Trial) Tally {
	t := Tally{Trials: len(trials)}
	for _, trial := range trials {
		switch trial.Verdict.Kind {
		case verdict.Clean:
			t.Clean++
		case verdict.Hang, verdict.Crash:
			if len(wanted) == 0 || slices.ContainsFunc(marks(trial), func(m string) bool { return slices.Contains(wanted, m) }) {
				t.Hangs++
			} else {
				t.Others++
			}
		default:
			t.Nothing++
		}
	}
	return t
}

// marks identify a hang: its signature, and the wake-up that its tasks have lost,
// where known. The same bug may be reported for whichever task runs into it first.
func marks(t store.Trial) []string {
	list := []string{t.Signature}
	if c := waitfor.Class(t.Class); t.Resource != "" && (c == waitfor.Lost || c == waitfor.Kept) {
		list = append(list, t.Class+": "+t.Resource)
	}
	return list
}

// seen are the marks of all hangs and crashes, each once.
func seen(trials []store.Trial) (list []string) {
	for _, t := range trials {
		if k := t.Verdict.Kind; k != verdict.Hang && k != verdict.Crash {
			continue
		}
		for _, m := range marks(t) {
			if !slices.Contains(list, m) {
				list = append(list, m)
			}
		}
	}
	return list
}

const (
	// enoughHangs is how many hangs of the bad end give a good enough rate: more
	// would save trials in the steps, but cost more at the end.
	enoughHangs = 5
	// controlTries is how often the control may miss before it counts as broken.
	controlTries = 3
)

// most is the number of trials after which a commit whose trials do not count is given up.
func most(need int) int { return 3*need + 5 }

// probed reports whether the bad end has had enough trials.
func (r Request) probed(trials []store.Trial) bool {
	t := tally(r.Signatures, trials)
	return t.Hangs >= enoughHangs || t.Trials >= r.Probe
}

// judge gives a commit's verdict from its trials, where need clean ones make it
// good; "" while more are to come.
func (t Tally) judge(need int) (v Verdict, why string) {
	switch {
	case t.Hangs > 0:
		return Bad, ""
	case t.Counted() >= need:
		return Good, ""
	case t.Trials >= most(need):
		return Skip, fmt.Sprintf("only %d of %d trials count, %d are needed: %d hung in another way", t.Counted(), t.Trials, need, t.Others)
	}
	return "", ""
}

// need is how many trials without the wanted hang make the next commit good: the
// remaining chance of error is shared by the steps to come. Each step may err
// once; steps that end in bad cannot err.
func (s *State) need(suspects int) int {
	left := 1 - s.Request.Confidence - s.wrong()
	return stats.TrialsToTrust(s.BadEnd.count(), max(left, leastChance)/float64(Steps(suspects)))
}

// leastChance keeps the number of trials finite.
const leastChance = 1e-6

// wrong is the chance that any step so far erred, at most.
func (s *State) wrong() (sum float64) {
	for _, step := range s.Steps {
		sum += step.Wrong
	}
	return sum
}

// Steps is how many halvings so many suspects take.
func Steps(suspects int) int {
	return max(1, int(math.Ceil(math.Log2(float64(suspects)))))
}

// choose takes the next commit from suspects, best first, leaving out those that
// were skipped; "" when there is none but the bad one. After each skip it moves
// further from the middle, to leave a range that does not build.
func (s *State) choose(suspects []string) string {
	bad := suspects[len(suspects)-1]
	inARow := 0
	var skipped []string
	for _, step := range s.Steps {
		inARow++
		if step.Verdict == Skip {
			skipped = append(skipped, step.Commit)
		} else {
			inARow = 0
		}
	}
	var left []string
	for _, c := range suspects {
		if c != bad && !slices.Contains(skipped, c) {
			left = append(left, c)
		}
	}
	if len(left) == 0 {
		return ""
	}
	const slowly = 2
	return left[len(left)*inARow/(inARow+slowly)]
}

// good and bad are the current ends.
func (s *State) good() []string {
	list := slices.Clone(s.Request.Good)
	for _, step := range s.Steps {
		if step.Verdict == Good {
			list = append(list, step.Commit)
		}
	}
	return list
}

func (s *State) bad() string {
	bad := s.Request.Bad
	for _, step := range s.Steps {
		if step.Verdict == Bad {
			bad = step.Commit
		}
	}
	return bad
}
