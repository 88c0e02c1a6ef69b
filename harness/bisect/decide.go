package bisect

import (
	"fmt"
	"math"
	"slices"

	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// Tally is what the trials of one commit showed.
type Tally struct {
	Trials  int `json:"trials"`
	Hangs   int `json:"hangs"`   // of a wanted signature, crashes too
	Others  int `json:"others"`  // hangs and crashes of another
	Clean   int `json:"clean"`   // that count
	Nothing int `json:"nothing"` // inconclusive, or failures of the harness
}

// Counted is how many trials say something about the wanted hang. One that hung
// otherwise was over before the wanted hang had its chance.
func (t Tally) Counted() int { return t.Hangs + t.Clean }

func (t Tally) count() stats.Count { return stats.Count{Hits: t.Hangs, Trials: t.Counted()} }

// tally counts trials; with no signatures wanted, every hang is.
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

// marks are what tells a hang from others: its signature, and what its tasks wait
// for in vain where that is known. One bug may be seen in whoever runs into it first.
func marks(t store.Trial) []string {
	list := []string{t.Signature}
	if t.Resource != "" {
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
	// enoughHangs is how many hangs of the bad end tell its rate well enough: with
	// more of them steps would take fewer trials, but the end more.
	enoughHangs = 5
	// controlTries is how often the control may miss before it counts as broken.
	controlTries = 3
)

// most is when to give up on a commit whose trials do not count.
func most(need int) int { return 3*need + 5 }

// probed says whether the bad end was looked at for long enough.
func (r Request) probed(trials []store.Trial) bool {
	t := tally(r.Signatures, trials)
	return t.Hangs >= enoughHangs || t.Trials >= r.Probe
}

// judge says what the trials of a commit make it, when it takes need of them to be
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

// need is how many trials without the wanted hang make the next commit good:
// what chance of error is left is shared by the steps to come. Each step may err
// once, and those that turn out bad do not.
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
// were skipped; "" when there is none but the bad one. After skips it takes one
// further from the middle each time, to get out of a range that does not build.
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

// good and bad are the ends as they stand.
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
