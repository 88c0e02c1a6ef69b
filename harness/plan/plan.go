// Package plan decides which trials a campaign consists of, before anything
// starts. A plan is pure data: the same request gives the same plan.
package plan

import (
	"iter"
	"math/rand/v2"
	"slices"

	"loopfault/results/store"
)

// Request is what a plan is made from.
type Request struct {
	Arms     []string // names of the arms that are compared, in the user's order
	Controls []string // arms that only have to prove that the others can be trusted
	Trials   int      // of each arm; 0: unlimited, for campaigns limited by time
	Seed     uint64   // of the campaign
}

// Controls tell early whether the rest is worth its time, and later, now and
// then, whether it still is.
const (
	leadRounds   = 2 // rounds of controls alone, before all others
	controlEvery = 5 // later rounds in which controls run too: every fifth
	controlAgain = 4 // further trials, after all others, of one that has not hung
)

// All yields the trials in the order they are run. The arms interleave in
// rounds, each arm once a round in an order that is shuffled anew, so that no
// arm always runs first or on a warmer machine. All arms of a round share one
// trial seed: they get the same operations. With the same seed, a longer plan
// begins with the shorter one, except for plans of a single trial.
func (r Request) All() iter.Seq[store.Planned] {
	return func(yield func(store.Planned) bool) {
		rng := rand.New(rand.NewPCG(r.Seed, 0))
		n := 0
		round := func(arms []string) bool {
			seed := rng.Uint64()
			for _, i := range rng.Perm(len(arms)) {
				n++
				if !yield(store.Planned{N: n, Arm: arms[i], Seed: seed}) {
					return false
				}
			}
			return true
		}
		for range r.lead() {
			if !round(r.Controls) {
				return
			}
		}
		for i := 1; r.Trials == 0 || i <= r.Trials; i++ {
			if !round(r.armsOf(i)) {
				return
			}
		}
	}
}

func (r Request) lead() int {
	if r.Trials == 0 {
		return leadRounds
	}
	return min(leadRounds, r.Trials)
}

// armsOf lists who takes part in a round, counted from 1.
func (r Request) armsOf(round int) []string {
	if round%controlEvery != 0 {
		return r.Arms
	}
	return append(append([]string{}, r.Arms...), r.Controls...)
}

// Count is the number of trials in the plan, 0 for one without end.
func (r Request) Count() int {
	return r.Trials*len(r.Arms) + min(r.Trials, 1)*(r.lead()+r.Trials/controlEvery)*len(r.Controls)
}

// Again yields further trials of a control that has not hung in a finite plan:
// planted bugs depend on luck, too.
func (r Request) Again(control string) iter.Seq[store.Planned] {
	return func(yield func(store.Planned) bool) {
		i := slices.Index(r.Controls, control)
		rng := rand.New(rand.NewPCG(r.Seed, uint64(i)+1))
		for n := range controlAgain {
			if !yield(store.Planned{N: r.Count() + i*controlAgain + n + 1, Arm: control, Seed: rng.Uint64()}) {
				return
			}
		}
	}
}
