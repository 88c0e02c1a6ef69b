package plan

import (
	"iter"
	"math/rand/v2"

	"loopfault/results/store"
)

// shard yields the trials of a shard. A host on which no control hangs can be
// trusted no more than a campaign without one, and so each shard has as many rounds
// of controls as a campaign of its length: those of the whole plan that lie in it,
// and where they do not suffice its own.
func (r Request) shard() iter.Seq[store.Planned] {
	return func(yield func(store.Planned) bool) {
		owned := controlAgain // rounds of controls of its own; Again has the first ones
		all := func(trials []store.Planned) bool {
			for _, p := range trials {
				if !yield(p) {
					return false
				}
			}
			return true
		}
		since := 0 // rounds since controls took part
		for round := range r.rounds() {
			trials := round.trials
			has := r.has(r.Shard, round.number, round.lead)
			switch {
			case round.lead && has:
			case round.lead:
				trials = r.own(owned)
				owned++
			case !has:
				continue
			case round.controls:
				since = 0
			default:
				if since++; since == controlEvery {
					trials = append(trials, r.own(owned)...)
					owned++
					since = 0
				}
			}
			if !all(trials) {
				return
			}
		}
	}
}

// has says whether a shard has a round of the plan. Those of controls alone are dealt out in turn, the others as the
// request says.
func (r Request) has(s store.Shard, round int, lead bool) bool {
	if lead {
		return s.Has(round)
	}
	return r.Deal.Has(s, round)
}

// part is the number of trials in a shard. It draws nothing: merging asks for that of a
// thousand shards.
func (r Request) part() int {
	n := r.lead() * len(r.Controls)
	since := 0
	for round := range r.Deal.Rounds(r.Shard, r.Trials) {
		n += len(r.Arms)
		since++
		if round%controlEvery == 0 || since == controlEvery {
			n += len(r.Controls)
			since = 0
		}
	}
	return n
}

// own is a round of controls that only this shard has, counted from 0 on. Its
// numbers lie behind those of the whole plan, and no other shard has them; nor does
// another shard have its seeds, so that merged shards count nothing twice.
func (r Request) own(i int) (trials []store.Planned) {
	at := i*r.Shard.Of + r.Shard.Number - 1
	n := r.whole() + (controlAgain+at)*len(r.Controls)
	seed := rand.New(rand.NewPCG(r.Seed, uint64(1)<<32+uint64(at))).Uint64()
	for j, control := range r.Controls {
		trials = append(trials, store.Planned{N: n + j + 1, Arm: control, Seed: seed})
	}
	return trials
}
