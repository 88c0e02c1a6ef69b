package cells

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"loopfault/harness/bundle"
	"loopfault/harness/campaign"
	"loopfault/harness/fleet"
	"loopfault/harness/matrix"
	"loopfault/harness/session"
	"loopfault/results/safefile"
)

// Packing is what cells need on other hosts: kernels, root images and scenarios.
type Packing struct {
	Session *session.Session
	bundles []bundle.Spec // one for each root image
	files   []file        // of scenarios
}

type file struct{ name, text string }

// Add adds what a cell needs, its kernel under the name that it is built as, and says what a guest of it takes of a host.
func (p *Packing) Add(ctx context.Context, c matrix.Cell, kernel string) (Job, fleet.Needs, error) {
	s, text, err := session.FindScenario(c.Ref)
	if err != nil {
		return Job{}, fleet.Needs{}, err
	}
	wanted := []string{kernel}
	if c.Control != "" && c.Control != kernel {
		wanted = append(wanted, c.Control)
	}
	names, builds, img, err := p.Session.BuiltFor(ctx, s, wanted...)
	if err != nil {
		return Job{}, fleet.Needs{}, err
	}
	at := slices.IndexFunc(p.bundles, func(b bundle.Spec) bool { return b.Image.SHA256 == img.SHA256 })
	if at < 0 {
		at = len(p.bundles)
		p.bundles = append(p.bundles, bundle.Spec{Image: img, Contents: bundle.Contents{Loopfault: p.Session.Version, Name: "kernels and root image of the cells"}})
	}
	spec := campaign.Spec{Scenario: s}
	for i, build := range builds {
		a := bundle.Arm{Name: names[i], Kernel: names[i]}
		if b := &p.bundles[at]; !slices.Contains(b.Arms, a) {
			b.Add(a, build)
		}
		spec.Arms = append(spec.Arms, campaign.Arm{Name: names[i], Kernel: build})
	}
	return Job{Cell: c, Built: kernel, File: p.file(text), Bundle: at + 1}, fleet.NeedsOf(spec), nil
}

// file is what the file with the text of a scenario is called in the fleet.
func (p *Packing) file(text []byte) string {
	at := slices.IndexFunc(p.files, func(f file) bool { return f.text == string(text) })
	if at < 0 {
		at = len(p.files)
		p.files = append(p.files, file{fmt.Sprintf("%04d.yaml", at+1), string(text)})
	}
	return p.files[at].name
}

// Lay writes all of it into the directory of a fleet.
func (p *Packing) Lay(ctx context.Context, dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, scenarioDir), 0o755); err != nil {
		return err
	}
	for _, f := range p.files {
		if err := safefile.WriteIn(dir, filepath.Join(scenarioDir, f.name), []byte(f.text), 0o644); err != nil {
			return err
		}
	}
	for i, spec := range p.bundles {
		if err := bundle.Lay(ctx, bundleDir(dir, i+1), spec, p.Session.Report); err != nil {
			return err
		}
	}
	return nil
}
