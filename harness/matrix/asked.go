package matrix

import (
	"context"
	"time"

	"loopfault/errs"
	"loopfault/harness/session"
)

// Asked is a matrix as somebody asks for it.
type Asked struct {
	Request Request           // without what follows from the other fields
	Groups  []string          // whose scenarios are added; without any scenario the default group
	Expunge string            // file of cells that are left out
	Known   session.KnownFlag // file of known hangs
	Seed    *uint64           // nil: a random one
	Resume  string            // name of the record to go on with; then nothing else is asked
	Flags   session.GuestFlags
}

// defaultGroup has the scenarios that run unless others are named.
const defaultGroup = "auto"

// Record lays out a new matrix, or reads the one to go on with. A dry one is not written. Errors are the user's.
func (a Asked) Record(e *session.Session, dry bool) (*Record, error) {
	if a.Resume != "" {
		if len(a.Request.Scenarios)+len(a.Groups) > 0 || a.Known.Known != "" || a.Request.Shard.Of > 0 {
			return nil, errs.Usagef("--resume continues a matrix as it was planned: give no scenarios, groups, known issues or shard with it")
		}
		rec, err := OpenRecord(e.Results, a.Resume)
		return rec, errs.ByUser(err)
	}
	if err := a.complete(); err != nil {
		return nil, err
	}
	if dry {
		cells, err := a.Request.Cells()
		return &Record{Request: a.Request, Cells: cells}, errs.ByUser(err)
	}
	if _, err := e.Store(); err != nil {
		return nil, err
	}
	rec, err := Begin(e.Results, a.Request, time.Now())
	return rec, errs.ByUser(err)
}

// complete adds to the request what the other fields say, and checks it.
func (a *Asked) complete() (err error) {
	r := &a.Request
	if r.Shard.Of > 0 && a.Seed == nil {
		return errs.Usagef("--shard needs --seed: shards are parts of one matrix, all of one seed")
	}
	r.Seed = *session.SeedOr(a.Seed)
	if len(r.Scenarios) == 0 && len(a.Groups) == 0 {
		a.Groups = []string{defaultGroup}
	}
	if err := r.AddGroups(a.Groups); err != nil {
		return err
	}
	if a.Expunge != "" {
		if r.Expunged, err = ReadExpunges(a.Expunge); err != nil {
			return err
		}
	}
	if r.Known, err = a.Known.Issues(); err != nil {
		return err
	}
	return errs.ByUser(r.Check())
}

// Run runs the cells of a record in real guests, as far as they have not run.
func (a Asked) Run(ctx context.Context, e *session.Session, rec *Record) error {
	st, err := e.Store()
	if err != nil {
		return err
	}
	return Run(ctx, &Guests{
		Session: e, Store: st, Flags: a.Flags, Trials: rec.Request.Trials, Seed: rec.Request.Seed, Known: rec.Request.Known,
	}, rec)
}
