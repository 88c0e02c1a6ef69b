package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loopfault/errs"
	"loopfault/harness/control"
	"loopfault/harness/guest"
	"loopfault/workloads/wire"
)

// errStep is the error of a step that exceeded its budget though nothing was
// seen to hang.
var errStep = errors.New("step took too long")

func stretched(budget time.Duration, slow float64) time.Duration {
	return time.Duration(float64(budget) * slow)
}

// clockFault is the error of a guest whose clock has run away from the host's: its
// own budgets ran out in no time. Seen under emulation on a host with a load of 20,
// where the guest was not running while it calibrated its TSC. Samples can only be
// late, so lateness never makes a clock look too fast.
func clockFault(guest, host float64) error {
	const times, slack = 2, 5 // seconds
	if guest <= times*host+slack {
		return nil
	}
	return fmt.Errorf("the guest's clock runs fast: %.0f s of its own in %.0f s of the host", guest, host)
}

// deadGuest is a guest that panicked or whose QEMU ended in the middle.
type deadGuest struct {
	fault errs.Class
	why   string
}

func (d *deadGuest) Error() string { return d.why }

// during runs do, which may block, while the detectors watch. It returns do's
// result, or earlier: errHang once a hang is settled, a *deadGuest, or errStep after
// the budget. A slow guest stretches this budget like the detectors', since a hang
// has to be seen before its step is over. do has always ended when during returns:
// its context, which bounds all it does, is cancelled.
func (t *trial) during(ctx context.Context, budget time.Duration, do func(context.Context) error) error {
	stepCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	began, limit := time.Now(), time.NewTimer(budget)
	defer limit.Stop()
	ears := time.NewTicker(listen)
	defer ears.Stop()
	done := make(chan error, 1)
	go func() { done <- do(stepCtx) }()
	left := func(err error) error {
		cancel()
		<-done
		return err
	}
	for {
		select {
		case <-limit.C:
			if more := stretched(budget, t.detectors.speed.slow()) - time.Since(began); more > 0 {
				limit.Reset(more)
				continue
			}
			cancel()
		case <-ears.C:
			if !t.tooQuiet() {
				continue
			}
			select {
			case s, ok := <-t.samples: // the harness was not reading
				if ok {
					t.look(s)
				}
			default:
				return left(errSilent)
			}
		case err := <-done:
			switch {
			case ctx.Err() == nil && stepCtx.Err() != nil && err != nil && t.unheard():
				return errSilent // the step's budget was the shorter one
			case ctx.Err() == nil && stepCtx.Err() != nil && err != nil:
				return fmt.Errorf("%w: more than %s: %w", errStep, time.Since(began).Round(time.Second), err)
			case errors.Is(err, control.ErrSilent) && ctx.Err() == nil:
				return t.fate(err)
			}
			return err
		case s, ok := <-t.samples:
			if !ok {
				t.samples = nil // a closed channel would be ready for ever
				continue
			}
			t.look(s)
			if t.listening {
				return left(errBack)
			}
			if err := clockFault(s.Uptime-t.woke, time.Since(t.wokeAt).Seconds()); err != nil {
				return left(err)
			}
			if t.detectors.relieved {
				if t.detectors.awake(t.budgets) {
					return left(errBack)
				}
				continue // it was settled before
			}
			t.lookEarly(stepCtx)
			if t.detectors.settled(s.Uptime, t.budgets) {
				return left(errHang)
			}
		case l := <-t.suspects.looks:
			t.history.add(entry{T: l.uptime, Type: "look", What: l.says, Data: map[string]any{"sleepers": len(l.sleepers), "seconds": tenths(l.took)}})
			if t.suspects.take(l) && !t.detectors.relieved {
				t.detectors.proven(l, t.history)
				return left(errHang)
			}
		case u := <-t.turns:
			t.detectors.recovery.turn(u)
		case step, ok := <-t.life:
			if !ok {
				t.life = nil
				continue
			}
			if t.lived(step) {
				continue
			}
			return left(t.guestDied(step))
		}
	}
}

// look takes one sample of the guest.
func (t *trial) look(s wire.Sample) {
	t.detectors.sample(s, t.history, t.budgets)
	t.heard()
	t.detectors.readConsole(t.console)
}

// lived records a transition of the guest and reports whether it is still alive.
func (t *trial) lived(step guest.Transition) bool {
	t.history.add(entry{Type: "guest", What: step.To.String(), Detail: step.String()})
	return step.To == guest.Starting || step.To == guest.Running || step.To == guest.Stopping
}

// fate finds out why the guest fell silent: the channel of a dead QEMU closes a
// moment before its exit is known. For a guest that is alive but does not
// answer, it returns silence.
func (t *trial) fate(silence error) error {
	patience := time.NewTimer(t.budgets.Quit)
	defer patience.Stop()
	for {
		select {
		case step, ok := <-t.life:
			if !ok {
				return silence
			}
			if !t.lived(step) {
				return t.guestDied(step)
			}
		case _, ok := <-t.samples: // its reader must not be held up
			if !ok {
				t.samples = nil
			}
		case <-patience.C:
			return silence
		}
	}
}

// guestDied says whose fault it was. The harness requested none of these
// states, so each ends the trial.
func (t *trial) guestDied(step guest.Transition) error {
	err := t.guest.Err()
	if err == nil {
		return &deadGuest{fault: errs.Infrastructure, why: "the guest went from " + step.String()}
	}
	return &deadGuest{fault: errs.ClassOf(err), why: err.Error()}
}
