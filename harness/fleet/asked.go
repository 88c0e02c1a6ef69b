package fleet

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"loopfault/harness/bundle"
	"loopfault/harness/session"
)

// Asked is a fleet as somebody asks for it.
type Asked struct {
	Campaign session.Packing // of which What may be a bundle as well
	Dir      string          // of the fleet; "": as DirOf says
	Order    Order
}

// Make makes the directory of the fleet, or opens it if the same was asked for before. What is no bundle is packed first.
func (a Asked) Make(ctx context.Context, e *session.Session) (*Fleet, error) {
	file := a.Campaign.What
	if a.Dir == "" {
		a.Dir = DirOf(file)
	}
	if err := a.Order.CheckHere(); err != nil {
		return nil, err // before a kernel is built
	}
	if bundle.Named(file) {
		if err := a.Campaign.Alone(file + " is a bundle, which"); err != nil {
			return nil, err
		}
		return MakeOf(ctx, e, a.Dir, file, a.Order)
	}
	file, err := a.pack(ctx, e)
	if err != nil {
		return nil, err
	}
	defer os.Remove(file)
	return MakeOf(ctx, e, a.Dir, file, a.Order)
}

// pack makes a bundle of a scenario or a run, beside the fleet's directory, into which it goes. The same command goes on
// with a fleet, and so with its seed.
func (a Asked) pack(ctx context.Context, e *session.Session) (string, error) {
	c := a.Campaign
	ofScenario := len(c.Compared) > 0
	was, err := Open(a.Dir)
	if err == nil && c.Seed == nil && ofScenario {
		c.Seed = &was.Seed
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if ofScenario {
		c.Seed = session.SeedOr(c.Seed)
		terms, err := c.Terms()
		if err == nil {
			err = a.Order.Check(terms)
		}
		if err != nil {
			return "", err // before a kernel is built
		}
	}
	spec, err := e.Pack(ctx, c)
	if err != nil {
		return "", err
	}
	return bundle.PackTemporary(ctx, filepath.Dir(a.Dir), spec, e.Report)
}
