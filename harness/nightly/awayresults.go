package nightly

import (
	"fmt"
	"path/filepath"
	"slices"

	"loopfault/errs"
	"loopfault/harness/fleet"
	"loopfault/harness/matrix"
	"loopfault/harness/merge"
	"loopfault/results/store"
	"loopfault/results/summary"
)

// collect takes the cells that are done and were not taken before.
func (r *awayRunner) collect(f *fleet.Fleet, s fleet.Status) error {
	if err := r.makeRoom(); err != nil {
		return err
	}
	for _, is := range s.Shards {
		c := r.waiting(is)
		if c == nil || is.State != fleet.Done {
			continue
		}
		if err := r.unless(c, r.take(f, is.Number, c)); err != nil {
			return err
		}
		if err := r.save(); err != nil {
			return err
		}
		r.tell(fmt.Sprintf("%s: %s, %d cells left", c.Key(), c.State, leftOut(r.Night)))
	}
	return nil
}

// unless makes it the result of a cell if what its shard left is damaged; other errors end this process's part of the night.
func (r *awayRunner) unless(c *Cell, err error) error {
	if errs.ClassOf(err) != errs.Usage {
		return err
	}
	r.lost = true
	c.State, c.Why = matrix.Failed, "what its shard left cannot be used: "+errs.Lines(err)
	return nil
}

// waiting is the cell of the night that a shard is, nil if the night has its result.
func (r *awayRunner) waiting(is fleet.Shard) *Cell {
	i := slices.IndexFunc(r.Cells, func(c Cell) bool { return c.Key() == is.Cell })
	if i < 0 || r.Cells[i].State != matrix.Waiting {
		return nil
	}
	return &r.Cells[i]
}

// take makes what a cell came to its result, and brings its run.
func (r *awayRunner) take(f *fleet.Fleet, shard int, c *Cell) error {
	var res result
	if _, err := f.Ended(shard, &res); err != nil {
		return err
	}
	if res.Cannot != "" {
		c.cannot(CannotRun{Why: res.Cannot, Unfit: res.Unfit})
		return nil
	}
	row, err := r.bring(f, shard)
	switch {
	case err != nil:
		return err
	case row == nil:
		c.State, c.Why = matrix.Failed, "it ended, and its run is gone"
	default:
		c.State, c.Row, c.Seconds = matrix.Done, row, c.Seconds+res.Seconds
	}
	return nil
}

// bring copies the run of a cell into the results directory, and says what it shows; nil if there is none.
func (r *awayRunner) bring(f *fleet.Fleet, shard int) (*matrix.Row, error) {
	stored, found, err := f.RunOf(shard)
	if err != nil || !found {
		return nil, errs.ByUser(err)
	}
	var name store.RunName
	if err := name.UnmarshalText([]byte(stored.Name)); err != nil {
		return nil, errs.ByUser(err)
	}
	if name, err = merge.Bring(f.Results(shard), name, filepath.Dir(r.path)); err != nil {
		return nil, err
	}
	row := matrix.RowOf(string(name), summary.Of(stored.Manifest, stored.Trials))
	for _, a := range stored.Manifest.Arms {
		if !a.Control {
			row.Version = a.Version
		}
	}
	return &row, r.Reports(name)
}

// give says why cells that no host runs any more have no result. Those that never began are left out if there was no
// time for them. What others did before their host failed stays: a hang may be in it.
func (r *awayRunner) give(f *fleet.Fleet, s fleet.Status, late bool) error {
	for _, is := range s.Shards {
		c := r.waiting(is)
		switch {
		case c == nil:
			continue
		case late && !is.Begun():
			r.Stopped = r.Suite.spent()
			continue
		}
		r.lost = true
		c.State, c.Why = matrix.Failed, fmt.Sprintf("%s; %d of %d trials have a verdict", is.Why, is.Trials, is.Planned)
		if is.Trials == 0 {
			continue
		}
		row, err := r.bring(f, is.Number)
		if err := r.unless(c, err); err != nil {
			return err
		}
		c.Row = row
	}
	return nil
}
