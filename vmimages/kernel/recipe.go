package kernel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"loopfault/errs"
	"loopfault/vmimages/packages"
)

// formatVersion changes when builds change in a way that the other inputs of a
// key do not show.
const formatVersion = 2

var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(@[0-9]+\.[0-9]+)?(\+[a-z][a-z0-9]*)*$`)

// recipe is a Spec with everything computed that does not need a work tree.
type recipe struct {
	Spec
	source   source
	settings []setting
	patches  []AppliedPatch
	// instrumentation is what is to go into the source beside its patches, if it fits.
	instrumentation []Patch
	compiler        string
}

func (b *Builder) prepare(ctx context.Context, s Spec) (*recipe, error) {
	if !validName.MatchString(s.Name) {
		return nil, errs.Usagef("kernel name %q: expected letters, digits, dots, dashes and underscores, at most 64, then @SERIES and +FLAVOUR if wanted", s.Name)
	}
	r := &recipe{Spec: s}
	var err error
	for _, p := range s.Patches {
		if _, _, err := p.parse(); err != nil {
			return nil, err
		}
	}
	if r.source, err = b.openSource(s.Source); err != nil {
		return nil, err
	}
	if err := r.fill(); err != nil {
		return nil, err
	}
	if err := packages.Require(tools...); err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, "gcc", "--version").Output()
	if err != nil {
		return nil, errs.Infraf("gcc does not run: %w", err)
	}
	r.compiler, _, _ = strings.Cut(string(out), "\n")
	return r, nil
}

// fill works out all that follows from spec and source.
func (r *recipe) fill() error {
	r.Source = r.source.label()
	v, err := r.source.version()
	if err != nil {
		return err
	}
	for _, p := range r.Spec.Patches {
		r.patches = append(r.patches, p.applied())
	}
	r.instrumentation = instrumentationFor(v)
	r.settings, err = merge(slices.Concat(BaseFragments(), versionFragments(v), r.Fragments))
	return err
}

// configID names the object tree: kernels with equal settings share it.
func (r *recipe) configID() string {
	h := sha256.New()
	for _, s := range r.settings {
		fmt.Fprintln(h, s)
	}
	if profiled(r.settings) { // others keep the name that they had before there were counts
		fmt.Fprintln(h, profileVar())
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

func (r *recipe) key(sourceHash string) string {
	h := sha256.New()
	fmt.Fprintln(h, formatVersion, sourceHash, r.compiler, r.configID())
	r.into(h)
	return hex.EncodeToString(h.Sum(nil))
}

// into writes the patches of both kinds into a hash.
func (r *recipe) into(h io.Writer) {
	for _, p := range r.patches {
		fmt.Fprintln(h, p.SHA256, p.Reverse)
	}
	for _, p := range r.instrumentation {
		fmt.Fprintln(h, p.applied().SHA256)
	}
}

// id names all that goes into a kernel but its source and the compiler: 12 hex digits.
func (r *recipe) id() string {
	h := sha256.New()
	fmt.Fprintln(h, formatVersion, r.configID())
	r.into(h)
	return hex.EncodeToString(h.Sum(nil))[:12]
}
