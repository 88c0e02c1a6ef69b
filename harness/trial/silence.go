package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loopfault/errs"
	"loopfault/harness/guest"
	"loopfault/results/evidence"
	"loopfault/results/verdict"
)

// Silence: a guest that sends no sample of its task watch, though it runs. It counts
// only while the guest could have spoken: a host without a free processor, or one that
// was itself suspended, silences every guest.

// errSilent is the error of a running guest that sends nothing any more, not
// even from the task watch.
var errSilent = errors.New("the guest became unresponsive")

// listen is how often the silence of a guest is measured.
const listen = time.Second

// hush measures for how long a guest has sent nothing that it could have sent.
type hush struct {
	since  time.Duration // when the guest was last heard, since the trial's start
	last   time.Duration // when the silence was measured last
	waited time.Duration // for how long the guest had waited for a processor by then
	lasted time.Duration
}

// heard begins anew: the guest said something.
func (h *hush) heard(now, waited time.Duration) {
	*h = hush{since: now, last: now, waited: waited}
}

// measure adds the time since the last measurement, without that in which the guest
// waited for a processor. Of a longer time than two measurements should be apart, only
// that much counts: the harness did not run in the rest, and the guest need not have.
func (h *hush) measure(now, waited time.Duration) time.Duration {
	could := min(now-h.last, 2*listen) - (waited - h.waited)
	h.last, h.waited = now, waited
	h.lasted += max(could, 0)
	return h.lasted
}

// silence is how long a running guest may send nothing, during any outage.
// Before its first message it boots.
func (t *trial) silence() time.Duration {
	switch {
	case t.listening:
		return stretched(t.spec.Guest.Timeouts.Suspect, t.detectors.speed.slow())
	case t.detectors.last == 0:
		return t.budgets.Boot
	}
	return stretched(t.spec.Guest.Timeouts.Stall, t.detectors.speed.slow())
}

// heard notes that the guest said something.
func (t *trial) heard() { t.hush.heard(time.Since(t.began), t.waited()) }

// quietFor is for how long the guest has said nothing by now, though it could have.
func (t *trial) quietFor() time.Duration { return t.hush.measure(time.Since(t.began), t.waited()) }

// tooQuiet reports that a running guest has sent nothing for longer than it may.
func (t *trial) tooQuiet() bool {
	return t.quietFor() >= t.silence() && t.samples != nil && t.guest.State() == guest.Running
}

// unheard reports that a running guest has sent nothing for the stall budget of
// a guest that is not slow.
func (t *trial) unheard() bool {
	return t.detectors.last > 0 && t.quietFor() >= t.spec.Guest.Timeouts.Stall && t.guest.State() == guest.Running
}

// waited is how long the guest has waited for a processor of the host.
func (t *trial) waited() time.Duration {
	if t.guest == nil {
		return 0
	}
	return t.guest.Waited()
}

// relisten finds out whether a silent guest, examined from outside, is still silent. If so
// it hangs, and the error is nil. One that speaks again stalled, if it was under load;
// before that, nothing was under test, and the trial is to be repeated.
func (t *trial) relisten(ctx context.Context) error {
	return t.timed(PhaseConfirm, func() error {
		since := t.hush.since
		t.heard()
		t.listening = true
		err := t.during(ctx, t.budgets.Step, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		t.listening = false
		lasted := (time.Since(t.began) - since).Seconds()
		switch {
		case errors.Is(err, errSilent), errors.Is(err, errStep):
			return nil
		case !errors.Is(err, errBack):
			return err
		case t.workAt == 0:
			return &errs.Error{Class: errs.Infrastructure, Message: fmt.Sprintf(
				"the guest sent nothing for %.0f s before its load began, and then continued", lasted)}
		}
		t.result.Confirmed = &verdict.Confirmation{How: verdict.Back, Lasted: tenths(lasted)}
		t.history.add(entry{Type: evidence.Confirmed, What: verdict.Back, Data: t.result.Confirmed})
		return nil
	})
}
