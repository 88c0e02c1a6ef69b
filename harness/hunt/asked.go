package hunt

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"loopfault/errs"
	"loopfault/harness/fleet"
	"loopfault/harness/session"
	"loopfault/results/known"
	"loopfault/results/verdict"
)

// Asked is a hunt as somebody asks for it.
type Asked struct {
	Kernel string
	For    time.Duration // as in Hunt
	Small  time.Duration
	Tries  int
	Seed   *uint64     // nil: a random one
	Order  fleet.Order // who runs the first turns; without an engine they run here
	Flags  session.GuestFlags
	Known  []known.Issue

	record *Record // of a hunt that goes on by its record; else nil
}

// Check finds errors in what is asked alone; they are the user's.
func (a Asked) Check() error {
	if a.For <= 0 || a.Small < 0 || a.Tries < 1 {
		return errs.Usagef("--for is %s, --small %s and --tries %d, want times above 0 and at least 1 trial", a.For, a.Small, a.Tries)
	}
	if a.Order.Engine != "" { // else it is done as guests are started
		if err := a.Flags.Check(); err != nil {
			return err
		}
	}
	return a.Order.CheckSite()
}

// Plan returns the first turns of all scenarios, once it is sure that there is such a kernel; it runs nothing.
func (a Asked) Plan(e *session.Session) (Found, error) {
	if err := e.KernelExists(a.Kernel); err != nil {
		return Found{}, err
	}
	return a.hunt(e, nil).Plan()
}

// Run hunts, or goes on with the hunt of the same kernel and seed. What it has found so far it returns beside an error, too, and nil if
// it did not begin. The error is a *cells.Elsewhere or cells.ErrCanceled if an engine has not ended the first turns.
func (a Asked) Run(ctx context.Context, e *session.Session) (*Found, error) {
	if a.Order.Engine != "" {
		return a.byEngine(ctx, e)
	}
	if a.Seed != nil { // one of a random seed has not begun elsewhere
		if _, err := FindRecord(e.Results, a.Kernel, *a.Seed, ""); err != nil {
			return nil, err
		}
	}
	guests, err := a.guests(e)
	if err != nil {
		return nil, err
	}
	found, err := a.hunt(e, guests).Run(ctx)
	return &found, err
}

// Resume goes on with a hunt by the name or the path of its record, as Run does.
func Resume(ctx context.Context, e *session.Session, name string) (*Found, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		e.Results = filepath.Dir(name)
	}
	rec, err := ReadRecord(e.Results, filepath.Base(name))
	if err != nil {
		return nil, err
	}
	t := rec.Terms
	a := Asked{
		Kernel: rec.Kernel, For: rec.For.D(), Small: rec.Small.D(), Tries: rec.Tries, Seed: &t.Seed, Order: rec.Order,
		Flags: session.GuestFlags{Jobs: rec.Order.Jobs, Cold: t.Cold, Vmcore: t.Vmcore}, Known: t.Known, record: rec,
	}
	if t.Stalls {
		a.Flags.Count = string(verdict.Stall)
	}
	return a.byEngine(ctx, e)
}

func (a Asked) guests(e *session.Session) (*Guests, error) {
	st, err := e.Store()
	return &Guests{Session: e, Store: st, Flags: a.Flags, Kernel: a.Kernel, Known: a.Known}, err
}

func (a Asked) hunt(e *session.Session, guests *Guests) *Hunt {
	return &Hunt{
		Runner: guests, Text: e.Text,
		Kernel: a.Kernel, For: a.For, Small: a.Small, Tries: a.Tries, Seed: *session.SeedOr(a.Seed),
	}
}
