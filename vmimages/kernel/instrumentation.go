package kernel

import (
	"context"
	"embed"
	"slices"
)

// instrumentationFiles are patches that go into every kernel that is built: they
// change the set-up and not the subject, and do nothing until a scenario asks for
// it. Where other kernels need another shape of one, before/6.7/NAME.patch holds for
// 6.6 and all older ones, since/7.2/NAME.patch for 7.2 and all younger ones.
//
//go:embed instrumentation
var instrumentationFiles embed.FS

const instrumentationDir = "instrumentation"

// instrumentationFor gives the instrumentation patches in the shape that a kernel of a version takes, in the order of
// their names.
func instrumentationFor(v version) []Patch {
	var list []Patch
	for name, text := range embedded(instrumentationFiles, instrumentationDir) {
		if other := shaped(instrumentationFiles, instrumentationDir, v, name); other != nil {
			text = other
		}
		list = append(list, Patch{Name: name, Text: text})
	}
	return list
}

// instrument applies what fits of the instrumentation, after the recipe's own patches,
// and returns what did. A source that a patch does not fit is built without it:
// scenarios that need it report that by name.
func (p *patcher) instrument(ctx context.Context, list []Patch) (fitted []AppliedPatch, err error) {
	for _, patch := range list {
		fits, err := p.fits(ctx, patch)
		if err != nil {
			return nil, err
		}
		if !fits {
			continue
		}
		if err := p.applyPatch(ctx, patch); err != nil {
			return nil, err
		}
		fitted = append(fitted, patch.applied())
	}
	return fitted, nil
}

// fits tries a patch without changing anything.
func (p *patcher) fits(ctx context.Context, patch Patch) (bool, error) {
	changes, _, err := patch.parse()
	if err != nil {
		return false, err
	}
	for _, c := range changes {
		if err := p.locate(c.patch, c.File); err != nil {
			return false, nil //nolint:nilerr // there is no such file: it does not fit
		}
		if _, err := p.run(ctx, c.File, patch.Reverse, true); err != nil {
			return false, ctx.Err()
		}
	}
	return true, nil
}

// Instrumented says whether a build contains an instrumentation patch.
func (b Build) Instrumented(patch string) bool {
	return slices.ContainsFunc(b.InstrumentationPatches, func(p AppliedPatch) bool { return p.Name == patch })
}

// ReturnOnClosePatch is the instrumentation that lets the server leave return-on-close
// out of its LAYOUTGET replies.
const ReturnOnClosePatch = "nfsd-return-on-close.patch"
