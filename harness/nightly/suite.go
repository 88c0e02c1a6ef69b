// Package nightly runs a suite of scenarios on kernels within a time budget, the
// most valuable first, and says what changed since the nights before: hangs never
// seen, rates that rose, scenarios that no longer reach what they are about. It
// records what it had no time for, checks the list of known issues for stale
// entries, and resumes after a reboot.
//
// The suite is a matrix; a Runner runs cells and builds kernels.
package nightly

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"

	"loopfault/errs"
	"loopfault/harness/matrix"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/results/known"
	"loopfault/results/safefile"
	"loopfault/workloads/wire"
)

// Suite is a SUITE.yaml.
type Suite struct {
	Name      string         `yaml:"name"`
	Budget    wire.Duration  `yaml:"budget"`   // no cell starts after it
	Trials    int            `yaml:"trials"`   // of each cell
	Controls  *bool          `yaml:"controls"` // run each scenario's control; true unless said otherwise
	Scenarios []scenario.Ref `yaml:"scenarios"`
	Groups    []string       `yaml:"groups"`
	Variants  []string       `yaml:"variants"`
	Flavours  []string       `yaml:"flavours"` // "" is none
	Kernels   []KernelSource `yaml:"kernels"`
	Keep      Keep           `yaml:"keep"`
	Known     []known.Issue  `yaml:"known"`
}

// KernelSource is where kernels come from; exactly one of the first four is set.
type KernelSource struct {
	Name     string   `yaml:"name"`     // as run takes it
	Debian   string   `yaml:"debian"`   // version of a linux-source package, as in 6.12
	Git      string   `yaml:"git"`      // directory of a repository,
	Branches []string `yaml:"branches"` // of which the tips of these are built
	Images   string   `yaml:"images"`   // directory of bzImages
}

// Keep says what becomes of old runs.
type Keep struct {
	Nights int       `yaml:"nights"` // whose runs are kept
	Free   wire.Size `yaml:"free"`   // disk space: with less, runs of the oldest nights go earlier
}

// A suite's defaults.
const (
	defaultTrials = 3
	defaultNights = 14
	defaultFree   = 2 << 30
)

// ReadSuite reads and checks the file of a suite, its scenarios too. A budget above 0 takes the place of the suite's. Errors are
// the user's.
func ReadSuite(file string, budget time.Duration) (Suite, error) {
	text, err := safefile.Read(file, safefile.MaxConfig)
	if err != nil {
		return Suite{}, errs.Usagef("suite: %w", err)
	}
	s, err := Parse(file, text)
	if err != nil {
		return s, errs.ByUser(err)
	}
	if budget < 0 {
		return s, errs.Usagef("--budget is %s, want a time above 0", budget)
	}
	if budget > 0 {
		s.Budget = wire.Duration(budget)
	}
	for _, ref := range s.Scenarios {
		if _, _, err := session.FindScenario(ref); err != nil {
			return s, err
		}
	}
	return s, nil
}

// Tonight lists the cells of a night, on kernels as they are now; nothing is built. Beside an error it lists none.
func (s Suite) Tonight(ctx context.Context) ([]matrix.Cell, error) {
	kernels, err := KernelsOf(ctx, s)
	if err != nil {
		return nil, err
	}
	r, err := s.Request(kernels, 0)
	if err != nil {
		return nil, errs.ByUser(err)
	}
	cells, err := r.Cells()
	return cells, errs.ByUser(err)
}

// Parse reads and checks a suite; file is for messages. Errors have one line
// per problem.
func Parse(file string, text []byte) (Suite, error) {
	s := Suite{Trials: defaultTrials, Keep: Keep{Nights: defaultNights, Free: defaultFree}}
	if err := yaml.Load(text, &s, yaml.WithKnownFields()); err != nil {
		return s, known.Unreadable(file, err)
	}
	var problems []error
	bad := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %s", file, fmt.Sprintf(format, args...)))
	}
	s.check(bad)
	for i, k := range s.Kernels {
		k.check(fmt.Sprintf("kernels[%d]", i), bad)
	}
	for i, k := range s.Known {
		k.Check(fmt.Sprintf("known[%d]", i), bad)
	}
	return s, errors.Join(problems...)
}

var validName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

func (s Suite) check(bad func(string, ...any)) {
	if !validName.MatchString(s.Name) {
		bad("name is %q, want lower-case letters, digits and dashes", s.Name)
	}
	if s.Budget <= 0 {
		bad("budget is %s, want a time above 0, as in 6h", s.Budget.D())
	}
	if s.Trials < 1 {
		bad("trials is %d, want at least 1", s.Trials)
	}
	if len(s.Scenarios)+len(s.Groups) == 0 {
		bad("scenarios: want some, or groups")
	}
	if len(s.Kernels) == 0 {
		bad("kernels: want at least one of name, debian, git, images")
	}
	if s.Keep.Nights < 2 {
		bad("keep.nights is %d, want at least 2: the last one is compared with", s.Keep.Nights)
	}
}

func (k KernelSource) check(at string, bad func(string, ...any)) {
	set := 0
	for _, v := range []string{k.Name, k.Debian, k.Git, k.Images} {
		if v != "" {
			set++
		}
	}
	switch {
	case set != 1:
		bad("%s: want exactly one of name, debian, git, images", at)
	case k.Git != "" && len(k.Branches) == 0:
		bad("%s.branches: want at least one, as in [master]", at)
	case k.Git == "" && len(k.Branches) > 0:
		bad("%s.branches goes with git", at)
	}
}

// Request is the matrix of the suite on the given kernels.
func (s Suite) Request(kernels []Kernel, seed uint64) (matrix.Request, error) {
	r := matrix.Request{
		Scenarios: slices.Clone(s.Scenarios), Variants: s.Variants, Trials: s.Trials, Seed: seed,
		Controls: s.Controls == nil || *s.Controls,
	}
	if err := r.AddGroups(s.Groups); err != nil {
		return r, err
	}
	for _, k := range kernels {
		r.Kernels = append(r.Kernels, k.Label)
	}
	return r, r.Check()
}
