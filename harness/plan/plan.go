// Package plan decides which trials a campaign consists of, before anything
// starts. A plan is pure data: the same request gives the same plan.
package plan

import (
	"iter"
	"math/rand/v2"

	"loopfault/results/store"
)

// Request is what a plan is made from.
type Request struct {
	Arms   []string // names, in the user's order
	Trials int      // per arm; 0: without end, for campaigns that stop by the clock
	Seed   uint64   // of the campaign
}

// All yields the trials in the order they are run. The arms interleave in
// rounds, each arm once a round in an order that is shuffled anew, so that no
// arm always runs first or on a warmer machine. All arms of a round share one
// trial seed: they get the same operations. A longer plan begins with the
// shorter one of the same seed.
func (r Request) All() iter.Seq[store.Planned] {
	return func(yield func(store.Planned) bool) {
		rng := rand.New(rand.NewPCG(r.Seed, 0))
		n := 0
		for round := 0; r.Trials == 0 || round < r.Trials; round++ {
			seed := rng.Uint64()
			for _, i := range rng.Perm(len(r.Arms)) {
				n++
				if !yield(store.Planned{N: n, Arm: r.Arms[i], Seed: seed}) {
					return
				}
			}
		}
	}
}
