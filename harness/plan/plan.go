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
	Shard    store.Shard
	Deal     store.Deal // of rounds to shards
}

// Of is the plan of a stored run.
func Of(m store.Manifest) Request {
	r := Request{Trials: m.Trials, Seed: m.Seed, Shard: m.Shard, Deal: m.Deal}
	for _, a := range m.Arms {
		if a.Control || a.NoFault {
			r.Controls = append(r.Controls, a.Name)
		} else {
			r.Arms = append(r.Arms, a.Name)
		}
	}
	return r
}

// Controls tell early whether the rest is worth its time, and later, now and
// then, whether it still is.
const (
	leadRounds   = 2                  // rounds of controls alone, before all others
	controlEvery = store.ControlEvery // later rounds in which controls run too
	controlAgain = 4                  // further trials, after all others, of one that has not hung
)

// All yields the trials in the order they are run. The arms interleave in
// rounds, each arm once a round in an order that is shuffled anew, so that no
// arm always runs first or on a warmer machine. All arms of a round share one
// trial seed: they get the same operations. With the same seed, a longer plan
// begins with the shorter one, except for plans of a single trial.
//
// A shard has its rounds as they stand in the whole plan, with their numbers and
// seeds, and beside them controls of its own (see own).
func (r Request) All() iter.Seq[store.Planned] {
	if r.Shard != (store.Shard{}) {
		return r.shard()
	}
	return func(yield func(store.Planned) bool) {
		for round := range r.rounds() {
			for _, p := range round.trials {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// round is one of the whole plan.
type round struct {
	number   int  // from 1 on, counted apart for those of controls alone
	lead     bool // controls alone
	controls bool // controls take part
	trials   []store.Planned
}

// rounds are those of the whole plan.
func (r Request) rounds() iter.Seq[round] {
	return func(yield func(round) bool) {
		rng := rand.New(rand.NewPCG(r.Seed, 0))
		n := 0
		trials := func(arms []string) (list []store.Planned) {
			seed := rng.Uint64()
			for _, i := range rng.Perm(len(arms)) {
				n++
				list = append(list, store.Planned{N: n, Arm: arms[i], Seed: seed})
			}
			return list
		}
		for i := 1; i <= r.lead(); i++ {
			if !yield(round{i, true, true, trials(r.Controls)}) {
				return
			}
		}
		for i := 1; r.Trials == 0 || i <= r.Trials; i++ {
			with := i%controlEvery == 0
			arms := r.Arms
			if with {
				arms = slices.Concat(r.Arms, r.Controls)
			}
			if !yield(round{i, false, with, trials(arms)}) {
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

// Count is the number of trials in the plan, 0 for one without end.
func (r Request) Count() int {
	if r.Shard == (store.Shard{}) {
		return r.whole()
	}
	return r.part()
}

// whole is the number of trials in the whole plan.
func (r Request) whole() int {
	return r.Trials*len(r.Arms) + min(r.Trials, 1)*(r.lead()+r.Trials/controlEvery)*len(r.Controls)
}

// Again yields further trials of a control that has not hung in a finite plan:
// planted bugs depend on luck, too.
func (r Request) Again(control string) iter.Seq[store.Planned] {
	return func(yield func(store.Planned) bool) {
		i := slices.Index(r.Controls, control)
		rng := rand.New(rand.NewPCG(r.Seed, uint64(i)+1))
		for n := range controlAgain {
			p := store.Planned{N: r.whole() + i*controlAgain + n + 1, Arm: control, Seed: rng.Uint64()}
			if r.Shard != (store.Shard{}) {
				p = r.own(n)[i]
			}
			if !yield(p) {
				return
			}
		}
	}
}

// IsAgain says whether a trial is one that Again yields.
func (r Request) IsAgain(p store.Planned) bool {
	if r.Trials == 0 || !slices.Contains(r.Controls, p.Arm) {
		return false
	}
	for again := range r.Again(p.Arm) {
		if again.N == p.N {
			return true
		}
	}
	return false
}
