package bisect

import (
	"context"
	"fmt"
	"strings"

	"loopfault/results/stats"
)

// silence is the chance that a bad commit shows no hang in as many trials.
func (s *State) silence(t Tally) float64 { return stats.Silence(s.BadEnd.count(), t.Counted()) }

func (s *State) fail(format string, args ...any) {
	s.Found = &Found{Problem: fmt.Sprintf(format, args...)}
}

// conclude names the first bad commit: apart from skipped ones, only the bad end
// is left of the suspects.
func (b *bisection) conclude(ctx context.Context, suspects []string) error {
	bad := b.bad()
	title, err := b.Title(ctx, bad)
	if err != nil {
		return err
	}
	b.Found = &Found{Culprit: bad, Title: title, Confidence: max(0, 1-b.wrong())}
	if len(suspects) > 1 {
		b.Found.Culprit, b.Found.Among = "", suspects
	}
	return nil
}

// endLine is one end of the range in one line.
func (s *State) endLine(end string, step Step) string {
	return fmt.Sprintf("%s %.12s %q: %d of %d trials that count hung so%s; %s", end, step.Commit, step.Title, step.Hangs, step.Counted(), step.rest(), seconds(step.Seconds))
}

// stepLine is the n-th step in one line.
func (s *State) stepLine(n int) string {
	step := s.Steps[n-1]
	line := fmt.Sprintf("step %d %.12s %q: %s, ", n, step.Commit, step.Title, step.Verdict)
	switch step.Verdict {
	case Skip:
		line += step.Why
	case Bad:
		line += fmt.Sprintf("%d trials, %d hangs%s; it hung as the bad end does", step.Trials, step.Hangs, step.rest())
	case Good:
		line += fmt.Sprintf("%d trials, 0 hangs%s; the chance of being wrong is %s; %s", step.Trials, step.rest(), percent(step.Wrong), step.Control)
	}
	left := fmt.Sprintf("%d commits left, about %d steps", step.Left, Steps(step.Left))
	if step.Left == 1 {
		left = "it is settled"
	}
	return fmt.Sprintf("%s; %s; %s", line, left, seconds(step.Seconds))
}

// rest are the trials of a tally that do not count.
func (t Tally) rest() (text string) {
	if t.Others > 0 {
		text += fmt.Sprintf(", %d hung in another way", t.Others)
	}
	if t.Nothing > 0 {
		text += fmt.Sprintf(", %d inconclusive", t.Nothing)
	}
	return text
}

// Lines say how the bisection ended.
func (s *State) Lines() []string {
	f := s.Found
	if f == nil {
		return []string{"not finished: go on with loopfault bisect --resume " + s.Name()}
	}
	if f.Problem != "" {
		return []string{f.Problem}
	}
	sure := fmt.Sprintf("confidence %s, asked for was %s; it rests on the hang rate of the bad end, %d of %d trials",
		percent(f.Confidence), percent(s.Request.Confidence), s.BadEnd.Hangs, s.BadEnd.Counted())
	if f.Culprit == "" {
		return []string{"the first bad commit is one of these, the others could not be tried:\n  " + strings.Join(f.Among, "\n  "), sure}
	}
	return []string{fmt.Sprintf("first bad commit: %s %q", f.Culprit, f.Title), sure}
}

func percent(p float64) string { return fmt.Sprintf("%.3g %%", 100*p) }

func seconds(s float64) string { return fmt.Sprintf("%.0f s", s) }
