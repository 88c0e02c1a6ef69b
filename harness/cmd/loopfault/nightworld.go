package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"loopfault/errs"
	"loopfault/harness/matrix"
	"loopfault/harness/nightly"
	"loopfault/harness/session"
	"loopfault/harness/trial"
	"loopfault/results/store"
	"loopfault/vmimages"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/gittree"
	"loopfault/vmimages/kernel"
)

// nightWorld builds kernels and runs cells for real.
type nightWorld struct {
	e      *env
	flags  session.GuestFlags
	store  *store.Store
	suite  nightly.Suite
	seed   uint64
	trials int
}

func (w *nightWorld) Cell(ctx context.Context, part string, c nightly.Cell, k nightly.Kernel) (matrix.Row, error) {
	row, err := w.cell(ctx, part, c, k)
	var unfit *trial.Unfit
	switch {
	case err == nil || ctx.Err() != nil:
	case errors.As(err, &unfit):
		err = &nightly.CannotRun{Why: oneLine(err), Unfit: !unfit.AtBoot}
	case errs.ClassOf(err) == errs.Usage, vmimages.ClassOf(err) == vmimages.Usage:
		err = &nightly.CannotRun{Why: oneLine(err)}
	}
	return row, err
}

func (w *nightWorld) cell(ctx context.Context, part string, c nightly.Cell, k nightly.Kernel) (matrix.Row, error) {
	s, text, err := session.FindScenario(c.Ref)
	if err != nil {
		return matrix.Row{}, err
	}
	name, err := w.build(ctx, k)
	if err != nil {
		return matrix.Row{}, err
	}
	arms := []session.Arm{{Name: c.Kernel, Kernel: name}}
	if c.Control != "" && c.Control != name {
		arms = append(arms, session.Arm{Name: c.Control, Kernel: c.Control, Control: true})
	}
	spec, err := w.e.Campaign(ctx, s, text, arms, w.flags)
	if err != nil {
		return matrix.Row{}, err
	}
	spec.Trials, spec.Seed, spec.Part = w.trials, w.seed, part
	out, err := w.e.Part(ctx, w.store, spec)
	if err != nil {
		return matrix.Row{}, err
	}
	row := matrix.RowOf(out.Run.Name, out.Summary)
	row.Version = spec.Arms[0].Kernel.Version
	return row, w.e.leaveReports(out.Run)
}

// build gives the name of a kernel, which is there afterwards.
func (w *nightWorld) build(ctx context.Context, k nightly.Kernel) (string, error) {
	if k.Source == "" {
		return k.Ref, nil // found or built when the campaign is put together
	}
	images, err := cache.Open("")
	if err != nil {
		return "", err
	}
	spec := kernel.Spec{Name: k.Ref}
	if k.Commit != "" {
		repo, err := gittree.Open(ctx, k.Source)
		if err != nil {
			return "", err
		}
		built, err := commits{w.e, images, repo}.build(ctx, k.Commit, spec, k.Flavours)
		return built.Name, err
	}
	spec.Source = k.Source
	if spec, err = spec.With(k.Flavours...); err != nil {
		return "", err
	}
	b := w.e.Builder(images)
	built, err := b.Ensure(ctx, spec)
	return built.Name, err
}

// leaveReports writes a run in every format beside its summary and page.
func (e *env) leaveReports(run *store.Run) error {
	stored, err := e.Load(run.Name)
	if err != nil {
		return err
	}
	r, err := e.Model(stored)
	if err != nil {
		return err
	}
	for name, write := range formats {
		var text bytes.Buffer
		if err := write(&text, r); err != nil {
			return fmt.Errorf("report of run %s as %s: %w", run.Name, name, err)
		}
		if err := stored.Write("report."+name, text.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

func (w *nightWorld) Low() (bool, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(w.e.Results, &st); err != nil {
		return false, fmt.Errorf("free space of %s: %w", w.e.Results, err)
	}
	return st.Bavail*uint64(st.Bsize) < uint64(w.suite.Keep.Free), nil
}

// Remove leaves runs alone that nightly did not make, whatever a record says.
func (w *nightWorld) Remove(run store.RunName) error {
	l := w.store.Read(string(run))
	if l.Manifest.Format != 0 && !strings.HasPrefix(l.Manifest.Part, nightly.PartPrefix) {
		return nil
	}
	return w.store.Remove(run)
}

// Drop removes what build built; that it is not there, or no longer, is as well.
func (w *nightWorld) Drop(k nightly.Kernel) error {
	images, err := cache.Open("")
	if err != nil {
		return err
	}
	spec, err := kernel.Spec{Name: k.Ref}.With(k.Flavours...)
	if err != nil {
		return err
	}
	if _, err := kernel.Remove(images, spec.Name); err != nil && vmimages.ClassOf(err) != vmimages.Usage {
		return err
	}
	return nil
}
