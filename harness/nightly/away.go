package nightly

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"loopfault/harness/cells"
	"loopfault/harness/fleet"
	"loopfault/harness/matrix"
	"loopfault/results/store"
	"loopfault/results/summary"
)

// Away has the cells of nights run by an engine: one fleet a night, in which each shard is a cell.
type Away struct {
	Sender
	Suite   Suite
	Order   fleet.Order
	Terms   store.Terms // how trials are run: whether cold, with memory dumps, …
	Command []string    // as it was typed
	Version string      // of loopfault
	Program string      // path of this program
	Tell    func(string)
	Show    func(fleet.Status)
}

// Run continues a night until it is complete or its budget is spent, as the function Run does. The budget is time on the
// clock while a process follows the night. A host that fails is no end of the night: its cell could not be run.
func (a *Away) Run(ctx context.Context, n *Night, past []*Night) error {
	began := time.Now()
	r := a.runner(n, past)
	passOver(n, past)
	by := r.away()
	if err := by.Run(ctx, began); err != nil {
		return err
	}
	if err := r.finish(); err != nil {
		return err
	}
	return by.Remove()
}

// Abandon stops the shards of a night that is closed as it is, and takes what they have done.
func (a *Away) Abandon(ctx context.Context, n *Night, past []*Night) error {
	return a.runner(n, past).away().Abandon(ctx)
}

func (a *Away) runner(n *Night, past []*Night) *awayRunner {
	return &awayRunner{Away: a, runner: &runner{Keeper: a.Sender, Night: n, past: past, suite: a.Suite, tell: a.Tell}}
}

// awayRunner is a night as the owner of its cells.
type awayRunner struct {
	*Away
	*runner
}

func (r *awayRunner) away() *cells.Away {
	terms := store.Terms{Trials: r.Request.Trials, Seed: r.Request.Seed, Cold: r.Terms.Cold, Vmcore: r.Terms.Vmcore, Stalls: r.Terms.Stalls}
	return &cells.Away{
		Owner: r, Dir: r.Fleet(), Results: filepath.Dir(r.path), Order: r.Order, Terms: terms, Command: r.Command, Version: r.Version, Program: r.Program,
		Budget: r.Suite.Budget.D(), Worked: &r.Worked, Show: r.Show,
	}
}

// Cells implements cells.Owner, the most valuable first.
func (r *awayRunner) Cells() (list []matrix.Cell) {
	for _, i := range order(r.Night, r.past) {
		list = append(list, r.Night.Cells[i].Cell)
	}
	return list
}

// Enough implements cells.Owner: all cells of a night count.
func (r *awayRunner) Enough() bool { return false }

// Room implements cells.Owner.
func (r *awayRunner) Room() error { return r.makeRoom() }

// Ready implements cells.Owner.
func (r *awayRunner) Ready(ctx context.Context, c matrix.Cell) (cells.Job, fleet.Needs, error) {
	return r.Sender.Ready(ctx, Cell{Cell: c}, r.kernel(c.Kernel))
}

// Take implements cells.Owner.
func (r *awayRunner) Take(key string, out cells.Outcome) error {
	i := slices.IndexFunc(r.Night.Cells, func(c Cell) bool { return c.Key() == key })
	if i < 0 {
		return errors.New("there is no cell " + key)
	}
	c := &r.Night.Cells[i]
	switch {
	case out.Late:
		r.Stopped = r.Suite.spent()
		return nil
	case out.Cannot != nil:
		c.cannot(*out.Cannot)
	default:
		row, err := r.row(out)
		if err != nil {
			return err
		}
		c.Row = row
		if c.State, c.Why = matrix.Done, ""; out.Lost != "" {
			c.State, c.Why = matrix.Failed, out.Lost
		}
		c.Seconds += out.Seconds
	}
	r.tell(fmt.Sprintf("%s: %s, %d cells left", key, c.State, leftOut(r.Night)))
	return nil
}

// row is what the run of a cell shows, nil if there is none. It is reported as other runs are.
func (r *awayRunner) row(out cells.Outcome) (*matrix.Row, error) {
	if out.Run == "" {
		return nil, nil
	}
	row := matrix.RowOf(string(out.Run), summary.Of(out.Stored.Manifest, out.Stored.Trials))
	for _, a := range out.Stored.Manifest.Arms {
		if !a.Control {
			row.Version = a.Version
		}
	}
	return &row, r.Reports(out.Run)
}
