package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"loopfault/errs"
	gcov "loopfault/harness/coverage"
	"loopfault/harness/timeouts"
	"loopfault/results/coverage"
	"loopfault/results/store"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/kernel"
)

// Counted reads what trials counted, all of one kernel.
type Counted struct {
	Kernel kernel.Build // of the first trial with counts
	only   string       // name of the kernel that is asked for, "" for whichever it is
	notes  string
	e      *Session
}

// Coverage is what some trials reached.
type Coverage struct {
	Scenarios []coverage.Scenario
	Trials    int
	Uncounted int // trials that left no counts
}

// Total is what all of them reached.
func (c Coverage) Total() coverage.Counts {
	all := coverage.Counts{}
	for _, s := range c.Scenarios {
		all.Add(s.Counts)
	}
	return all
}

// Coverage begins to read counts; kernel is a kernel's name as campaigns have it, or "".
func (e *Session) Coverage(kernel string) *Counted { return &Counted{only: kernel, e: e} }

// Of reads the counts of all trials of some runs, by names as Named takes them; without names, of all runs that can be read.
func (c *Counted) Of(ctx context.Context, names []string) (Coverage, error) {
	var runs []store.Stored
	for _, name := range names {
		stored, err := c.e.Named(ctx, name)
		if err != nil {
			return Coverage{}, err
		}
		runs = append(runs, stored)
	}
	if len(names) == 0 {
		st, err := store.Find(c.e.Results)
		if err != nil {
			return Coverage{}, err
		}
		listed, err := st.List()
		if err != nil {
			return Coverage{}, err
		}
		for _, l := range listed { // what cannot be read has no trials
			runs = append(runs, store.Stored{Run: &store.Run{Dir: l.Dir, Name: l.Run}, Manifest: l.Manifest, Trials: l.Trials})
		}
	}
	return c.of(ctx, runs)
}

// Report says what runs reached, and beside it, if runs are named to compare with, what only one side did. file is a pattern of the
// source files that are shown.
func (c *Counted) Report(ctx context.Context, runs, against []string, file string) (coverage.Report, error) {
	here, err := c.Of(ctx, runs)
	if err != nil {
		return coverage.Report{}, err
	}
	all := here.Total()
	out := coverage.Report{
		Kernel: c.Kernel.Name, Key: c.Kernel.Key, Trials: here.Trials, Uncounted: here.Uncounted, Total: all.Size(),
		Scenarios: coverage.Scenarios(here.Scenarios), Files: coverage.Matching(all.Files(), file),
	}
	if len(against) == 0 {
		return out, nil
	}
	there, err := c.Of(ctx, against)
	if err != nil {
		return out, err
	}
	other := there.Total()
	out.Against = &coverage.Compared{Trials: there.Trials, Total: other.Size(), Gained: all.Beyond(other), Lost: other.Beyond(all)}
	return out, nil
}

func (c *Counted) of(ctx context.Context, runs []store.Stored) (sum Coverage, err error) {
	all := 0
	for _, r := range runs {
		all += len(r.Trials)
	}
	step := c.e.Report.Begin("coverage.read", fmt.Sprintf("reading what %d trials counted", all), 0)
	defer step.End()
	done := 0
	for _, r := range runs {
		for _, t := range r.Trials {
			if err := c.trial(ctx, &sum, r, t); err != nil {
				return sum, err
			}
			done++
			step.Advance(int64(done), int64(all))
		}
	}
	if sum.Trials == 0 {
		return sum, errs.Usagef("none of %d trials left counts%s: they need a kernel of the flavour gcov, as in loopfault run SCENARIO --kernel stock+gcov", all, c.asked())
	}
	return sum, nil
}

func (c *Counted) asked() string {
	if c.only == "" {
		return ""
	}
	return " of kernel " + c.only
}

func (c *Counted) trial(ctx context.Context, sum *Coverage, r store.Stored, t store.Trial) error {
	at := slices.IndexFunc(r.Manifest.Arms, func(a store.Arm) bool { return a.Name == t.Arm })
	if at < 0 || c.only != "" && r.Manifest.Arms[at].Kernel != c.only {
		return nil
	}
	arm, name := r.Manifest.Arms[at], fmt.Sprintf("trial %s/%d", r.Name, t.N)
	archive, err := r.Open(store.TrialFile(t.N, "evidence/"+coverage.File))
	if errors.Is(err, fs.ErrNotExist) {
		sum.Uncounted++
		return nil
	}
	if err != nil {
		return errs.Usagef("%s: %w", name, err)
	}
	defer archive.Close()
	if err := c.use(arm, name); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeouts.Coverage)
	defer cancel()
	counts, err := gcov.Of(ctx, c.notes, archive)
	if err != nil {
		return fmt.Errorf("what %s counted: %w", name, err)
	}
	i := slices.IndexFunc(sum.Scenarios, func(s coverage.Scenario) bool { return s.Name == r.Manifest.Name })
	if i < 0 {
		i = len(sum.Scenarios)
		sum.Scenarios = append(sum.Scenarios, coverage.Scenario{Name: r.Manifest.Name, Counts: coverage.Counts{}})
	}
	sum.Scenarios[i].Trials++
	sum.Scenarios[i].Counts.Add(counts)
	sum.Trials++
	return nil
}

// use makes sure that a trial's kernel is that of the trials before it.
func (c *Counted) use(arm store.Arm, trial string) error {
	switch c.Kernel.Key {
	case arm.KernelKey:
		return nil
	case "":
		break
	default:
		return errs.Usagef("%s ran on kernel %s (%.12s), others on %s (%.12s): counts of two kernels cannot be added, choose one with --kernel",
			trial, arm.Kernel, arm.KernelKey, c.Kernel.Name, c.Kernel.Key)
	}
	images, err := cache.Open("")
	if err != nil {
		return err
	}
	built, err := kernel.Keyed(images, arm.KernelKey)
	if err != nil { // one that was given by a path has no build here
		name, gone := c.e.sameKernel(arm)
		if gone != nil {
			return errs.Usagef("what kernel %s counted cannot be read without its build: %w", arm.Kernel, err)
		}
		if built, err = c.e.resolve(images, name); err != nil {
			return err
		}
	}
	built.Name = arm.Kernel
	if c.notes = built.Notes(); c.notes == "" {
		return errs.Usagef("kernel %s has no notes of its compiler beside it, which counts need: build it with loopfault kernel build", arm.Kernel)
	}
	c.Kernel = built
	c.Kernel.Key = arm.KernelKey
	return nil
}
