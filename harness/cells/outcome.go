package cells

import (
	"fmt"

	"loopfault/errs"
	"loopfault/harness/fleet"
	"loopfault/harness/merge"
	"loopfault/results/store"
)

// Outcome is the result of a cell, or why it has none.
type Outcome struct {
	Run     store.RunName // in the results directory; "" if there is none
	Stored  store.Stored  // the run as its shard left it
	Seconds float64       // that it took, if it is done
	Cannot  *CannotRun    // why it has no run
	Lost    string        // why no host runs it any more, though it is not done; it may have a run all the same
	Late    bool          // it did not begin, since the time for that was over
}

// collect gives the cells that are done and were not given before.
func (a *Away) collect(f *fleet.Fleet, s fleet.Status) error {
	if err := a.Room(); err != nil {
		return err
	}
	waits := a.waiting()
	for _, is := range s.Shards {
		if is.State != fleet.Done || !waits[is.Cell] {
			continue
		}
		out, err := a.ended(f, is.Number)
		if err := a.take(is.Cell, out, err); err != nil {
			return err
		}
	}
	return nil
}

// waiting are the keys of cells without a result.
func (a *Away) waiting() map[string]bool {
	waits := map[string]bool{}
	for _, c := range a.Cells() {
		waits[Key(c)] = true
	}
	return waits
}

// take gives the outcome of a cell. It is lost if what its shard left is damaged; other errors end this process's part of
// the work.
func (a *Away) take(key string, out Outcome, err error) error {
	if err == nil {
		err = a.Take(key, out)
	}
	if err != nil && errs.ClassOf(err) == errs.Usage {
		out = Outcome{Lost: "what its shard left cannot be used: " + errs.Lines(err)}
		err = a.Take(key, out)
	}
	if err != nil {
		return err
	}
	a.lost = a.lost || out.Lost != ""
	return a.save()
}

// ended is the outcome of a cell that is done; its run is brought.
func (a *Away) ended(f *fleet.Fleet, shard int) (Outcome, error) {
	var res result
	if _, err := f.Ended(shard, &res); err != nil {
		return Outcome{}, err
	}
	if res.Cannot != "" {
		return Outcome{Cannot: &CannotRun{Why: res.Cannot, Unfit: res.Unfit}}, nil
	}
	out, err := a.bring(f, shard)
	out.Seconds = res.Seconds
	if err == nil && out.Run == "" {
		out.Lost = "it ended, and its run is gone"
	}
	return out, err
}

// bring copies the run of a cell into the results directory.
func (a *Away) bring(f *fleet.Fleet, shard int) (Outcome, error) {
	stored, found, err := f.RunOf(shard)
	if err != nil || !found {
		return Outcome{}, errs.ByUser(err)
	}
	out := Outcome{Stored: stored}
	var name store.RunName
	if err := name.UnmarshalText([]byte(stored.Name)); err != nil {
		return out, errs.ByUser(err)
	}
	out.Run, err = merge.Bring(f.Results(shard), name, a.Results)
	return out, err
}

// give says why cells that no host runs any more have no result. Those that never began are late if there was no
// time for them. What others did before their host failed stays: a hang may be in it.
func (a *Away) give(f *fleet.Fleet, s fleet.Status, late bool) error {
	waits := a.waiting()
	for _, is := range s.Shards {
		if !waits[is.Cell] {
			continue
		}
		if late && !is.Begun() {
			if err := a.Take(is.Cell, Outcome{Late: true}); err != nil {
				return err
			}
			continue
		}
		var out Outcome
		var err error
		if is.Trials > 0 {
			out, err = a.bring(f, is.Number)
		}
		out.Lost = fmt.Sprintf("%s; %d of %d trials have a verdict", is.Why, is.Trials, is.Planned)
		if err := a.take(is.Cell, out, err); err != nil {
			return err
		}
	}
	return nil
}
