// Package try checks a patch: it builds a base and a patched kernel from one
// source, compares them in each scenario, beside the scenario's control, and
// writes the result as a mail to the patch's author.
//
// It decides what is built and for how long each scenario may run; building and
// running are done by a Runner; Guests is the real one.
package try

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"loopfault/errs"
	"loopfault/harness/scenario"
	"loopfault/results/report/model"
	"loopfault/vmimages/kernel"
)

// Request is what is to be checked.
type Request struct {
	Source    string         // as kernel.Spec has it
	Patches   []kernel.Patch // on top of it
	Flavours  []string       // of all kernels
	Scenarios []scenario.Ref
	For       time.Duration // for all scenarios together
}

// Comparison is the campaign of one scenario.
type Comparison struct {
	Scenario      scenario.Ref
	Base, Patched kernel.Build
	Control       *kernel.Build // nil: there is none
	For           time.Duration
	Family        int // campaigns that are read together
}

// Names of the arms.
const (
	Base    = "base"
	Patched = "patched"
	Control = "control"
)

// Checked is the result of one scenario.
type Checked struct {
	Scenario  string
	Run       model.Run
	NoControl string // why there was no control, "" when there was one
}

// Outcome is the result of a patch check.
type Outcome struct {
	Request       Request
	Base, Patched kernel.Build
	Checked       []Checked
}

// Runner builds kernels and compares them. Compare returns partial results with
// an error; a run without a name did not begin.
type Runner interface {
	Build(ctx context.Context, s kernel.Spec) (kernel.Build, error)
	Compare(ctx context.Context, c Comparison) (model.Run, error)
}

// Run checks a patch. The outcome holds partial results beside an error, too.
func Run(ctx context.Context, w Runner, r Request) (Outcome, error) {
	out := Outcome{Request: r}
	controls, err := r.complete()
	if err != nil {
		return out, err
	}
	base, patched, err := r.specs()
	if err != nil {
		return out, err
	}
	if out.Base, err = w.Build(ctx, base); err != nil {
		return out, err
	}
	if out.Patched, err = w.Build(ctx, patched); err != nil {
		return out, err
	}
	left := r.For
	for i, ref := range r.Scenarios {
		c := Comparison{
			Scenario: ref, Base: out.Base, Patched: out.Patched,
			For: left / time.Duration(len(r.Scenarios)-i), Family: len(r.Scenarios),
		}
		done := Checked{Scenario: ref.String()}
		if c.Control, done.NoControl, err = r.control(ctx, w, controls[i]); err != nil {
			return out, err
		}
		began := time.Now()
		done.Run, err = w.Compare(ctx, c)
		left = max(left-time.Since(began), 0)
		if done.Run.Name != "" {
			out.Checked = append(out.Checked, done)
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// complete adds the flavours that the scenarios need. It returns the names of the scenarios'
// controls, so that a misspelt scenario is found before anything is built.
func (r *Request) complete() ([]string, error) {
	var names []string
	for _, ref := range r.Scenarios {
		s, _, err := ref.Find()
		if err != nil {
			return nil, err
		}
		names = append(names, s.Control)
		r.Flavours = scenario.WithFlavours(r.Flavours, s)
	}
	return names, nil
}

// control builds the kernel that has to hang: the bug of the catalogue's kernel of
// that name, planted into our source.
func (r Request) control(ctx context.Context, w Runner, name string) (*kernel.Build, string, error) {
	if name == "" {
		return nil, "the scenario has no control", nil
	}
	if _, err := kernel.Named(name); err != nil {
		return nil, "", err
	}
	spec, err := kernel.NamedFor(name, r.Source)
	if err != nil {
		return nil, err.Error(), nil
	}
	if r.Source != kernel.DebianPrefix+kernel.DefaultSeries {
		spec.Name = "try-" + name
	}
	if spec, err = spec.With(r.Flavours...); err != nil {
		return nil, "", err
	}
	built, err := w.Build(ctx, spec)
	if err != nil && errs.ClassOf(err) == errs.Usage {
		return nil, fmt.Sprintf("%s cannot be built from this source: %s", name, err), nil
	}
	return &built, "", err
}

// specs are the kernels to compare. If the catalogue has the source, the base is
// the catalogue's kernel, whatever it was built for.
func (r Request) specs() (base, patched kernel.Spec, err error) {
	base = kernel.Spec{Name: "try-base", Source: r.Source}
	for _, series := range kernel.Series() {
		if stock, err := kernel.Named("stock@" + series); err == nil && stock.Source == r.Source {
			base = stock
			if series == kernel.DefaultSeries {
				base.Name = "stock"
			}
		}
	}
	patched = kernel.Spec{Name: r.name(), Source: r.Source, Patches: r.Patches}
	if base, err = base.With(r.Flavours...); err == nil {
		patched, err = patched.With(r.Flavours...)
	}
	return base, patched, err
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// name is the patched kernel's name: the first patch's, with a hash of all
// patches to make it unique.
func (r Request) name() string {
	h := sha256.New()
	for _, p := range r.Patches {
		fmt.Fprintf(h, "%s %v %d\n%s", p.Name, p.Reverse, len(p.Text), p.Text)
	}
	first := filepath.Base(r.Patches[0].Name)
	first = notInNames.ReplaceAllString(strings.TrimSuffix(first, filepath.Ext(first)), "-")
	return fmt.Sprintf("try-%.40s-%s", first, hex.EncodeToString(h.Sum(nil))[:8])
}
