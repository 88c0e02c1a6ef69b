package campaign

import (
	"fmt"
	"io"

	"loopfault/harness/guest"
	"loopfault/harness/trial"
	"loopfault/results/store"
	"loopfault/results/words"
)

// Preview is what would run, as --dry-run --json prints it.
type Preview struct {
	Scenario string          `json:"scenario"`
	Seed     uint64          `json:"seed"`
	Shard    store.Shard     `json:"shard,omitzero"` // of the plan, as in "2/8"
	Jobs     int             `json:"jobs"`           // guests at a time
	GuestMiB int             `json:"guest_mib"`      // memory of each
	Trials   []store.Planned `json:"trials"`         // in their order, the first 1000 of them
	More     bool            `json:"more"`           // there are others after those
	Arms     []PreviewArm    `json:"arms"`

	rounds string // of the shard
}

// PreviewArm is an arm with the script that boots its guest by hand.
type PreviewArm struct {
	Name   string `json:"name"`
	Script string `json:"script"`
}

// mostPreviewed is the most trials of a plan that are shown; it may have no end.
const mostPreviewed = 1000

// Preview lays out what would run.
func (s Spec) Preview() Preview {
	p := Preview{Scenario: s.Scenario.Ref().String(), Seed: s.Seed, Shard: s.Shard, Jobs: s.Jobs, GuestMiB: s.GuestMiB(), Trials: []store.Planned{}}
	if s.Shard != (store.Shard{}) {
		p.rounds = s.RoundsOfShard()
	}
	for t := range s.Plan().All() {
		if len(p.Trials) == mostPreviewed {
			p.More = true
			break
		}
		p.Trials = append(p.Trials, t)
	}
	for _, a := range s.Arms {
		options := s.GuestOf(a)
		machine := trial.MachineOf(s.Scenario, a.Kernel, s.Image, options.Timeouts)
		p.Arms = append(p.Arms, PreviewArm{a.Name, guest.Reproduce(machine, options)})
	}
	return p
}

// Fprint writes the preview for people: the trials, then each arm's guest.
func (p Preview) Fprint(w io.Writer) {
	fmt.Fprintf(w, "plan: scenario %s, seed %d, %s at a time, each of %d MiB of this host's memory, QEMU's own included\n", p.Scenario, p.Seed, words.Count(p.Jobs, "guest"), p.GuestMiB)
	if p.Shard != (store.Shard{}) {
		fmt.Fprintf(w, "%s: %s, and controls\n", p.Shard, p.rounds)
	}
	for _, t := range p.Trials {
		fmt.Fprintf(w, "%5d  %-24s seed %d\n", t.N, t.Arm, t.Seed)
	}
	if p.More {
		fmt.Fprintf(w, "… and so on\n")
	}
	for _, a := range p.Arms {
		fmt.Fprintf(w, "\n# arm %s\n%s", a.Name, a.Script)
	}
}
