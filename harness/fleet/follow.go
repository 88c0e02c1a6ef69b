package fleet

import (
	"context"
	"time"

	"loopfault/errs"
	"loopfault/harness/timeouts"
)

// Begin has the engine start all shards with something left to do that it does not have already.
func (f *Fleet) Begin(ctx context.Context, e Engine) error { return f.begin(ctx, e, nil) }

// begin leaves a stop mark, if any, in the place of an earlier one.
func (f *Fleet) begin(ctx context.Context, e Engine, mark *Stop) error {
	s, err := f.Status(ctx, e)
	switch {
	case err != nil:
		return err
	case s.Problem != "":
		return errs.Infraf("%s", s.Problem)
	case s.Complete():
		return nil
	}
	if err := f.goOn(mark); err != nil {
		return err
	}
	var list []int
	for _, is := range s.Shards {
		if is.State == Stopped || is.State == Unknown {
			list = append(list, is.Number)
		}
	}
	for _, n := range list {
		if err := f.forget(n); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		return nil
	}
	return e.Submit(ctx, list)
}

// Follow looks at the fleet until nothing runs any more, and shows what it sees. It stops the shards when what the
// campaign was to run until is reached, or when somebody canceled it.
func (f *Fleet) Follow(ctx context.Context, e Engine, show func(Status)) (Status, error) {
	told, withdrawn := false, false
	for {
		began := time.Now()
		s, err := f.Status(ctx, e)
		looking := time.Since(began)
		if err != nil {
			return s, err
		}
		if s.Reached == "" && !s.Canceled && f.Cells == nil && reached(s.parts) {
			if err := f.stop(f.Until); err != nil {
				return s, err
			}
			s.Reached = f.Until
		}
		show(s)
		if s.Over() {
			return s, nil
		}
		if !told && (s.Reached != "" || s.Canceled) {
			if err := e.Cancel(ctx); err != nil {
				return s, err
			}
			told = true
		}
		if !withdrawn && s.late {
			if err := e.Withdraw(ctx); err != nil {
				return s, err
			}
			withdrawn = true
		}
		if err := f.wait(ctx, looking); err != nil {
			return s, err
		}
	}
}

// Cancel stops all shards and waits until none is queued or running. What they have is kept.
func (f *Fleet) Cancel(ctx context.Context, e Engine, show func(Status)) (Status, error) {
	s, err := f.Status(ctx, e)
	if err != nil {
		return s, err
	}
	if s.Reached == "" && !s.Canceled && s.Done < f.Shards {
		if err := f.stop(""); err != nil {
			return s, err
		}
	}
	if err := e.Cancel(ctx); err != nil {
		return s, err
	}
	for {
		began := time.Now()
		if s, err = f.Status(ctx, e); err != nil {
			return s, err
		}
		looking := time.Since(began)
		show(s)
		if s.Queued+s.Running == 0 && s.Problem == "" {
			return s, nil
		}
		if err := f.wait(ctx, looking); err != nil {
			return s, err
		}
	}
}

// wait waits for the next look. Looking at ten thousand trials on a slow file system takes its time: a tenth of all, at
// most. What is done with what was seen, bringing runs here, say, is done once and does not count: nothing would
// be seen for nine times as long after that.
func (f *Fleet) wait(ctx context.Context, looking time.Duration) error {
	every := timeouts.FleetPoll
	if f.Order.Engine == Local {
		every = timeouts.LocalPoll
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(max(every, 9*looking)):
		return nil
	}
}
