package nightly

import (
	"context"

	"loopfault/harness/cells"
	"loopfault/harness/fleet"
	"loopfault/harness/session"
	"loopfault/results/store"
)

// Sender makes ready what cells need on other hosts.
type Sender interface {
	Keeper
	// Ready builds what a cell needs, and says what a guest of it takes of a host. The error is a *cells.CannotRun as that of
	// Runner.Cell.
	Ready(ctx context.Context, c Cell, k Kernel) (cells.Job, fleet.Needs, error)
	// Lay writes what all cells need that were made ready into the directory of a fleet.
	Lay(ctx context.Context, dir string) error
	// Reports writes a run that was collected in every format.
	Reports(run store.RunName) error
}

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
func (s *Sending) Ready(ctx context.Context, c Cell, k Kernel) (cells.Job, fleet.Needs, error) {
	j, needs, err := s.ready(ctx, c, k)
	return j, needs, cells.Blame(ctx, err)
}

func (s *Sending) ready(ctx context.Context, c Cell, k Kernel) (cells.Job, fleet.Needs, error) {
	if _, _, err := session.FindScenario(c.Ref); err != nil {
		return cells.Job{}, fleet.Needs{}, err // before a kernel is built
	}
	name, err := s.build(ctx, k)
	if err != nil {
		return cells.Job{}, fleet.Needs{}, err
	}
	return s.Add(ctx, c.Cell, name)
}

// Reports implements Sender.
func (s *Sending) Reports(run store.RunName) error {
	return s.Guests.Session.LeaveReports(&store.Run{Name: string(run)})
}
