// Package plan decides which trials a campaign consists of, before anything
// starts. A plan is pure data: the same request gives the same plan.
package plan

import (
	"math/rand/v2"

	"loopfault/results/store"
)

// Request is what a plan is made from.
type Request struct {
	Arms   []string // names, in the user's order
	Trials int      // per arm
	Seed   uint64   // of the campaign
}

// Make interleaves the arms in rounds, each arm once a round in an order that
// is shuffled anew, so that no arm always runs first or on a warmer machine.
// All arms of a round share one trial seed: they get the same operations.
func Make(r Request) []store.Planned {
	rng := rand.New(rand.NewPCG(r.Seed, 0))
	trials := make([]store.Planned, 0, r.Trials*len(r.Arms))
	for range r.Trials {
		seed := rng.Uint64()
		for _, i := range rng.Perm(len(r.Arms)) {
			trials = append(trials, store.Planned{N: len(trials) + 1, Arm: r.Arms[i], Seed: seed})
		}
	}
	return trials
}
