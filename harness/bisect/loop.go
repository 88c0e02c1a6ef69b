package bisect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loopfault/results/store"
)

// Run continues a bisection to its end; the state is saved after every step. It
// reports its progress in lines. The error is the Runner's, or says that the state
// cannot be saved.
func Run(ctx context.Context, w Runner, s *State, tell func(line string)) error {
	b := &bisection{Runner: w, State: s, tell: tell}
	for _, phase := range []func(context.Context) error{b.badEnd, b.goodEnd} {
		if s.Found != nil {
			return nil
		}
		if err := phase(ctx); err != nil {
			return err
		}
	}
	for s.Found == nil {
		if err := b.step(ctx); err != nil {
			return err
		}
	}
	return nil
}

type bisection struct {
	Runner
	*State
	tell func(string)
}

// badEnd finds out how often the bad end hangs, and how.
func (b *bisection) badEnd(ctx context.Context) error {
	if b.BadEnd != nil {
		return nil
	}
	step, trials, err := b.try(ctx, b.Request.Bad, "bad", b.Request.probed)
	if err != nil {
		return err
	}
	b.Wanted = b.Request.Signatures
	if len(b.Wanted) == 0 {
		b.Wanted = seen(trials)
	}
	step.Tally, step.Verdict = tally(b.Wanted, trials), Bad
	switch {
	case step.Why != "":
		b.fail("the bad end cannot be tried: %s", step.Why)
	case step.Hangs == 0:
		b.fail("the bad end did not hang in %d trials that count (%d trials, %d hung in another way): nothing to look for", step.Counted(), step.Trials, step.Others)
	}
	b.BadEnd = &step
	b.tell(b.endLine("bad end ", step))
	return b.Save()
}

// goodEnd makes sure that the good end does not show this hang. Other hangs do not
// matter there.
func (b *bisection) goodEnd(ctx context.Context) error {
	if b.GoodEnd != nil {
		return nil
	}
	suspects, err := b.Suspects(ctx, b.Request.Bad, b.Request.Good)
	if err != nil {
		return err
	}
	need := b.need(len(suspects))
	step, trials, err := b.try(ctx, b.Request.Good[0], "good", b.settled(need))
	if err != nil {
		return err
	}
	step.Tally, step.Left = tally(b.Wanted, trials), len(suspects)
	if step.Why == "" {
		step.Verdict, step.Why = step.judge(need)
	}
	switch {
	case step.Verdict == Bad:
		b.fail("the good end hangs in the same way, trial %d of %s: if that is another bug, name the signature of the wanted one", step.Trials, step.Runs[0])
	case step.Why != "":
		b.fail("the good end cannot be tried: %s", step.Why)
	}
	b.GoodEnd = &step
	b.tell(b.endLine("good end", step))
	return b.Save()
}

// settled reports whether a commit has enough trials for a verdict.
func (b *bisection) settled(need int) func([]store.Trial) bool {
	return func(trials []store.Trial) bool {
		v, _ := tally(b.Wanted, trials).judge(need)
		return v != ""
	}
}

// step tries one commit, or ends the bisection.
func (b *bisection) step(ctx context.Context) error {
	suspects, err := b.Suspects(ctx, b.bad(), b.good())
	if err != nil {
		return err
	}
	commit := b.choose(suspects)
	if commit == "" {
		if err := b.conclude(ctx, suspects); err != nil {
			return err
		}
		return b.Save()
	}
	need := b.need(len(suspects))
	part := fmt.Sprint(len(b.Steps) + 1)
	step, trials, err := b.try(ctx, commit, part, b.settled(need))
	if err != nil {
		return err
	}
	step.Tally = tally(b.Wanted, trials)
	if step.Why != "" {
		step.Verdict = Skip
	} else {
		step.Verdict, step.Why = step.judge(need)
	}
	if step.Verdict == Good {
		if err := b.believe(ctx, &step, part); err != nil {
			return err
		}
	}
	b.Steps = append(b.Steps, step)
	if suspects, err = b.Suspects(ctx, b.bad(), b.good()); err != nil {
		return err
	}
	b.Steps[len(b.Steps)-1].Left = len(suspects)
	b.tell(b.stepLine(len(b.Steps)))
	return b.Save()
}

// believe runs the control on a commit that seems good: if that does not hang,
// clean trials prove nothing, and the commit is skipped.
func (b *bisection) believe(ctx context.Context, step *Step, part string) error {
	step.Wrong = b.silence(step.Tally)
	if b.Request.Control == "" {
		step.Control = "no control"
		return nil
	}
	began := time.Now()
	run, trials, err := b.Trials(ctx, Work{Commit: step.Commit, Control: true, Part: b.part(part + "/control")}, func(trials []store.Trial) bool {
		t := tally(nil, trials)
		return t.Hangs > 0 || t.Trials >= controlTries
	})
	step.Seconds += time.Since(began).Seconds()
	var cannot *CannotRun
	if errors.As(err, &cannot) {
		step.Control = "the control cannot be tried: " + cannot.Why
		return nil
	}
	if err != nil {
		return err
	}
	step.Runs = append(step.Runs, store.RunName(run))
	t := tally(nil, trials)
	step.Control = fmt.Sprintf("the control hung in %d of %d", t.Hangs, t.Trials)
	if t.Hangs == 0 {
		step.Verdict, step.Wrong = Skip, 0
		step.Why = fmt.Sprintf("no hang in %d trials, but the control did not hang in %d either", step.Counted(), t.Trials)
	}
	return nil
}

// try runs trials of a commit. The step says why if it cannot be tried.
func (b *bisection) try(ctx context.Context, commit, part string, enough func([]store.Trial) bool) (Step, []store.Trial, error) {
	began := time.Now()
	step := Step{Commit: commit, Runs: []store.RunName{}}
	var err error
	if step.Title, err = b.Title(ctx, commit); err != nil {
		return step, nil, err
	}
	run, trials, err := b.Trials(ctx, Work{Commit: commit, Part: b.part(part)}, enough)
	step.Seconds = time.Since(began).Seconds()
	if run != "" {
		step.Runs = append(step.Runs, store.RunName(run))
	}
	var cannot *CannotRun
	if errors.As(err, &cannot) {
		step.Why, err = cannot.Why, nil
	}
	return step, trials, err
}

func (b *bisection) part(step string) string { return b.Name() + "/" + step }
