package hunt

import (
	"context"

	"loopfault/harness/cells"
	"loopfault/harness/fleet"
	"loopfault/harness/matrix"
	"loopfault/harness/session"
	"loopfault/results/store"
)

// Sending is the Sender of real guests.
type Sending struct {
	*Guests
	cells.Packing
}

// NewSending sends what guests need.
func NewSending(g *Guests) *Sending {
	return &Sending{Guests: g, Packing: cells.Packing{Session: g.Session}}
}

// Ready implements Sender.
func (s *Sending) Ready(ctx context.Context, c matrix.Cell) (cells.Job, fleet.Needs, error) {
	j, needs, err := s.Add(ctx, c, c.Kernel)
	return j, needs, cells.Blame(ctx, err)
}

// Look implements Sender.
func (s *Sending) Look(run store.RunName, seconds float64) (Turn, error) {
	stored, err := s.Store.Load(string(run))
	if err != nil {
		return Turn{}, err
	}
	stored.Manifest.Known = s.Known
	return look(stored, seconds)
}

// Hash is that of the kernel's image, which is built if need be.
func (g *Guests) Hash(ctx context.Context) (string, error) {
	list, err := places()
	if err != nil {
		return "", err
	}
	s, _, err := session.FindScenario(list[0].scenario.Ref())
	if err != nil {
		return "", err
	}
	_, builds, _, err := g.Session.BuiltFor(ctx, s, g.Kernel)
	if err != nil {
		return "", err
	}
	return builds[0].ImageHash, nil
}
