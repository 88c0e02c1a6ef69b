package faults

import (
	"fmt"

	"loopfault/workloads/wire"
)

// Order has one processor wait for another: the one that comes to Hold stays there,
// and all that it would have done with it, until another one has come to Until. So
// two events happen in the order that a bug needs, instead of once in a million runs.
//
// It is a processor that waits, not a task: what else would run on it waits as well,
// and if that is what Until needs, the time runs out.
type Order struct {
	Hold  Place  `json:"hold" yaml:"hold"`             // where a processor is held
	Until *Place `json:"until,omitempty" yaml:"until"` // where another has to come; without it, for a time drawn from the trial's seed
	// Same is the number, 1 to 6, of a function argument that has to be equal at both places, so that both are
	// about the same object; with 0 any processor that comes to Until will do.
	Same int `json:"same,omitempty" yaml:"same"`
	// Linger is how much longer it is held then, so that the other processor gets from Until to what it does there.
	Linger wire.Duration `json:"linger,omitempty" yaml:"linger"`
	// For is how long it is held at most, in the host's time. If it is held for too long, all other processors
	// come to wait for it.
	For    wire.Duration `json:"for" yaml:"for"`
	Choice `yaml:",inline"`
}

// Fault returns the fault with the state of one trial, in which it learns about the guest.
func (o Order) Fault() Fault { return &order{Order: o, chosen: chooser{Choice: o.Choice}} }

func (o Order) Describe() string {
	s := fmt.Sprintf("order: hold a processor at %s for at most %s", o.Hold, o.For)
	if o.Until != nil {
		s += fmt.Sprintf(" until another reaches %s", o.Until)
	}
	if o.Same > 0 {
		s += fmt.Sprintf(" with the same argument %d", o.Same)
	}
	if o.Linger > 0 {
		s += fmt.Sprintf(", and %s longer", o.Linger)
	}
	return s + ", " + o.Choice.String()
}
