package main

import (
	"fmt"

	"loopfault/harness/campaign"
	"loopfault/harness/guest"
	"loopfault/harness/trial"
	"loopfault/results/store"
	"loopfault/results/words"
)

// planOutput is what --dry-run --json prints of a campaign.
type planOutput struct {
	Scenario string          `json:"scenario"`
	Seed     uint64          `json:"seed"`
	Shard    store.Shard     `json:"shard,omitzero"` // of the plan, as in "2/8"
	Jobs     int             `json:"jobs"`           // guests at a time
	GuestMiB int             `json:"guest_mib"`      // memory of each
	Trials   []store.Planned `json:"trials"`         // in their order, the first mostPlanned of them
	More     bool            `json:"more"`           // there are others after those
	Arms     []plannedArm    `json:"arms"`
}

// plannedArm is an arm with the script that boots its guest by hand.
type plannedArm struct {
	Name   string `json:"name"`
	Script string `json:"script"`
}

// mostPlanned is the most trials of a plan that are shown; it may have no end.
const mostPlanned = 1000

// printPlan shows what would run: the trials, then each arm's guest.
func (e *env) printPlan(spec campaign.Spec) error {
	p := planOf(spec)
	if e.json {
		return e.printJSON(p)
	}
	fmt.Fprintf(e.stdout, "plan: scenario %s, seed %d, %s at a time, each of %d MiB of this host's memory, QEMU's own included\n", p.Scenario, p.Seed, words.Count(p.Jobs, "guest"), p.GuestMiB)
	if p.Shard != (store.Shard{}) {
		fmt.Fprintf(e.stdout, "%s: %s, and controls\n", p.Shard, spec.RoundsOfShard())
	}
	for _, t := range p.Trials {
		fmt.Fprintf(e.stdout, "%5d  %-24s seed %d\n", t.N, t.Arm, t.Seed)
	}
	if p.More {
		fmt.Fprintf(e.stdout, "… and so on\n")
	}
	for _, a := range p.Arms {
		fmt.Fprintf(e.stdout, "\n# arm %s\n%s", a.Name, a.Script)
	}
	return nil
}

func planOf(spec campaign.Spec) planOutput {
	p := planOutput{Scenario: spec.Scenario.Ref().String(), Seed: spec.Seed, Shard: spec.Shard, Jobs: spec.Jobs, GuestMiB: int(spec.GuestMiB()), Trials: []store.Planned{}}
	for t := range spec.Plan().All() {
		if len(p.Trials) == mostPlanned {
			p.More = true
			break
		}
		p.Trials = append(p.Trials, t)
	}
	for _, a := range spec.Arms {
		options := spec.GuestOf(a)
		machine := trial.MachineOf(spec.Scenario, a.Kernel, spec.Image, options.Timeouts)
		p.Arms = append(p.Arms, plannedArm{a.Name, guest.Reproduce(machine, options)})
	}
	return p
}
