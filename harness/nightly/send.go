package nightly

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"loopfault/harness/bundle"
	"loopfault/harness/campaign"
	"loopfault/harness/fleet"
	"loopfault/harness/session"
	"loopfault/results/safefile"
	"loopfault/results/store"
)

// Sender makes ready what cells need on other hosts.
type Sender interface {
	Keeper
	// Ready builds what a cell needs, and says what a guest of it takes of a host. The error is a *CannotRun as that of
	// Runner.Cell.
	Ready(ctx context.Context, c Cell, k Kernel) (Job, fleet.Needs, error)
	// Lay writes what all cells need that were made ready into the directory of a fleet.
	Lay(ctx context.Context, dir string) error
	// Reports writes a run that was collected in every format.
	Reports(run store.RunName) error
}

// Sending is the Sender of real guests.
type Sending struct {
	*Guests
	bundles []bundle.Spec // one for each root image
	files   []file        // of scenarios
}

type file struct{ name, text string }

// Ready implements Sender.
func (g *Sending) Ready(ctx context.Context, c Cell, k Kernel) (Job, fleet.Needs, error) {
	j, needs, err := g.ready(ctx, c, k)
	return j, needs, blame(ctx, err)
}

func (g *Sending) ready(ctx context.Context, c Cell, k Kernel) (Job, fleet.Needs, error) {
	s, text, err := session.FindScenario(c.Ref)
	if err != nil {
		return Job{}, fleet.Needs{}, err
	}
	name, err := g.build(ctx, k)
	if err != nil {
		return Job{}, fleet.Needs{}, err
	}
	wanted := []string{name}
	if c.Control != "" && c.Control != name {
		wanted = append(wanted, c.Control)
	}
	names, builds, img, err := g.Session.BuiltFor(ctx, s, wanted...)
	if err != nil {
		return Job{}, fleet.Needs{}, err
	}
	at := slices.IndexFunc(g.bundles, func(b bundle.Spec) bool { return b.Image.SHA256 == img.SHA256 })
	if at < 0 {
		at = len(g.bundles)
		g.bundles = append(g.bundles, bundle.Spec{Image: img, Contents: bundle.Contents{Loopfault: g.Session.Version, Name: "kernels and root image of the night"}})
	}
	spec := campaign.Spec{Scenario: s}
	for i, build := range builds {
		a := bundle.Arm{Name: names[i], Kernel: names[i]}
		if b := &g.bundles[at]; !slices.Contains(b.Arms, a) {
			b.Add(a, build)
		}
		spec.Arms = append(spec.Arms, campaign.Arm{Name: names[i], Kernel: build})
	}
	return Job{Cell: c.Cell, Built: name, File: g.file(text), Bundle: at + 1}, fleet.Needs{CPUs: s.Guest.CPUs, GuestMiB: spec.GuestMiB()}, nil
}

// file is what the file with the text of a scenario is called in the fleet.
func (g *Sending) file(text []byte) string {
	at := slices.IndexFunc(g.files, func(f file) bool { return f.text == string(text) })
	if at < 0 {
		at = len(g.files)
		g.files = append(g.files, file{fmt.Sprintf("%04d.yaml", at+1), string(text)})
	}
	return g.files[at].name
}

// Lay implements Sender.
func (g *Sending) Lay(ctx context.Context, dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, scenarioDir), 0o755); err != nil {
		return err
	}
	for _, f := range g.files {
		if err := safefile.WriteIn(dir, filepath.Join(scenarioDir, f.name), []byte(f.text), 0o644); err != nil {
			return err
		}
	}
	for i, spec := range g.bundles {
		if err := bundle.Lay(ctx, bundleDir(dir, i+1), spec, g.Session.Report); err != nil {
			return err
		}
	}
	return nil
}

// Reports implements Sender.
func (g *Sending) Reports(run store.RunName) error {
	return g.Session.LeaveReports(&store.Run{Name: string(run)})
}
