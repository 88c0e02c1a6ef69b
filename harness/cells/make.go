package cells

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"loopfault/harness/fleet"
	"loopfault/harness/plan"
)

// open opens the fleet, or makes it; nil if there is no cell to run.
func (a *Away) open(ctx context.Context) (*fleet.Fleet, error) {
	f, err := fleet.Open(a.Dir)
	if err == nil {
		return f, f.Reorder(a.Order)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := fleet.Remove(a.Dir, false); err != nil { // half of one, of a process that was killed
		return nil, err
	}
	if err := a.Room(); err != nil {
		return nil, err
	}
	cells, p, err := a.ready(ctx)
	if err != nil || len(p.Cells) == 0 {
		return nil, err
	}
	if err := os.MkdirAll(a.Dir, 0o755); err != nil {
		return nil, err
	}
	if err := a.Lay(ctx, a.Dir); err != nil {
		return nil, err
	}
	if err := p.write(a.Dir); err != nil {
		return nil, err
	}
	return fleet.MakeCells(a.Dir, cells, a.Order)
}

// ready builds what the cells need, in their order; those that cannot be built have their result.
func (a *Away) ready(ctx context.Context) (fleet.Cells, Plan, error) {
	p := Plan{Format: format, Record: a.Name(), Command: a.Command, Terms: a.Terms}
	cells := fleet.Cells{Name: p.Record, Version: a.Version, Seed: p.Seed, Program: a.Program, Again: a.Again}
	for _, c := range a.Cells() {
		if a.left() <= 0 {
			return cells, p, a.Take(Key(c), Outcome{Late: true})
		}
		j, needs, err := a.Ready(ctx, c)
		var cannot *CannotRun
		switch {
		case errors.As(err, &cannot):
			if err := errors.Join(a.Take(Key(c), Outcome{Cannot: cannot}), a.save()); err != nil {
				return cells, p, err
			}
			continue
		case err != nil:
			return cells, p, err
		}
		p.Cells = append(p.Cells, j)
		cells.CPUs, cells.GuestMiB = max(cells.CPUs, needs.CPUs), max(cells.GuestMiB, needs.GuestMiB)
		arms := plan.Request{Arms: []string{c.Kernel}, Trials: p.Trials}
		if c.Control != "" {
			arms.Controls = []string{c.Control}
		}
		cells.Arms = max(cells.Arms, len(arms.Arms)+len(arms.Controls))
		cells.Cells = append(cells.Cells, fleet.Cell{What: Key(c), Part: Part(p.Record, Key(c)), Trials: arms.Count()})
	}
	return cells, p, nil
}
