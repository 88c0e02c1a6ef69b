package nightly

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"loopfault/errs"
	"loopfault/harness/cells"
	"loopfault/harness/matrix"
	"loopfault/harness/session"
	"loopfault/results/store"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/gittree"
	"loopfault/vmimages/kernel"
)

// Guests is the Runner that builds kernels and runs cells for real.
type Guests struct {
	matrix.Guests
	Suite Suite
}

// Cell implements Runner.
func (g *Guests) Cell(ctx context.Context, part string, c Cell, k Kernel) (matrix.Row, error) {
	row, err := g.cell(ctx, part, c, k)
	return row, cells.Blame(ctx, err)
}

func (g *Guests) cell(ctx context.Context, part string, c Cell, k Kernel) (matrix.Row, error) {
	if _, _, err := session.FindScenario(c.Ref); err != nil {
		return matrix.Row{}, err // before a kernel is built
	}
	name, err := g.build(ctx, k)
	if err != nil {
		return matrix.Row{}, err
	}
	row, run, err := g.Guests.Cell(ctx, part, c.Cell, name)
	if err != nil {
		return row, err
	}
	return row, g.Session.LeaveReports(run)
}

// build returns the name of a kernel, and makes sure that it exists.
func (g *Guests) build(ctx context.Context, k Kernel) (string, error) {
	if k.Source == "" {
		return k.Ref, nil // found or built when the campaign is put together
	}
	spec := kernel.Spec{Name: k.Ref}
	if k.Commit != "" {
		repo, err := gittree.Open(ctx, k.Source)
		if err != nil {
			return "", err
		}
		built, err := g.Session.BuildCommit(ctx, repo, k.Commit, spec, k.Flavours)
		return built.Name, err
	}
	b, err := g.Session.Builder()
	if err != nil {
		return "", err
	}
	spec.Source = k.Source
	if spec, err = spec.With(k.Flavours...); err != nil {
		return "", err
	}
	built, err := b.Ensure(ctx, spec)
	return built.Name, err
}

// Low implements Runner.
func (g *Guests) Low() (bool, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(g.Session.Results, &st); err != nil {
		return false, fmt.Errorf("free space of %s: %w", g.Session.Results, err)
	}
	return st.Bavail*uint64(st.Bsize) < uint64(g.Suite.Keep.Free), nil
}

// Remove implements Runner: it never removes runs that nightly did not make, whatever a record
// says.
func (g *Guests) Remove(run store.RunName) error {
	l := g.Store.Read(string(run))
	if l.Manifest.Format != 0 && !strings.HasPrefix(l.Manifest.Part, PartPrefix) {
		return nil
	}
	return g.Store.Remove(run)
}

// Drop implements Runner: it removes what build built; a missing kernel is no error.
func (g *Guests) Drop(k Kernel) error {
	images, err := cache.Open("")
	if err != nil {
		return err
	}
	spec, err := kernel.Spec{Name: k.Ref}.With(k.Flavours...)
	if err != nil {
		return err
	}
	if _, err := kernel.Remove(images, spec.Name); err != nil && errs.ClassOf(err) != errs.Usage {
		return err
	}
	return nil
}
