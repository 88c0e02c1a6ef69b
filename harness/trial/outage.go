package trial

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"loopfault/faults"
	"loopfault/workloads"
)

// turn is the beginning or the end of one outage, sent from the goroutine that
// drives it to the trial's.
type turn struct {
	ended bool
	at    float64       // guest uptime, by the guest itself: on a busy host ours is off by seconds
	calm  chan struct{} // of an end: closed when the load is back, or not waited for any more
}

// planned is an outage and when it is due.
type planned struct {
	outage faults.Outage
	rand   *rand.Rand
	due    time.Time
}

// driveOutages begins and ends outages until working ends, at times drawn from the
// trial's seed: each after a pause since the load recovered from the previous one,
// so that each has the full budgets. One that would not be over when working ends
// does not begin.
func (t *trial) driveOutages(ctx, working context.Context) {
	var plan []*planned
	for _, a := range t.armed {
		if o, ok := a.fault.(faults.Outage); ok && o.Every > 0 {
			p := &planned{outage: o, rand: workloads.NewRand(t.spec.Planned.Seed, "outage/"+o.Kind())}
			p.plan()
			plan = append(plan, p)
		}
	}
	end, bounded := working.Deadline()
	for len(plan) > 0 {
		next := plan[0]
		for _, p := range plan {
			if p.due.Before(next.due) {
				next = p
			}
		}
		if bounded && end.Before(next.due.Add(next.outage.For.D())) || !await(working, time.Until(next.due)) {
			return
		}
		calm, err := t.have(ctx, working, next.outage)
		if err != nil {
			return // the failure is in the history; another outage would only add to it
		}
		select {
		case <-calm:
		case <-working.Done():
			return
		}
		for _, p := range plan {
			if p == next || p.due.Before(time.Now()) {
				p.plan()
			}
		}
	}
}

// plan draws the next beginning.
func (p *planned) plan() { p.due = time.Now().Add(workloads.Jitter(p.rand, p.outage.Every.D())) }

// have makes one outage. The history records it before it is tried: a guest may
// hang at once.
func (t *trial) have(ctx, working context.Context, o faults.Outage) (calm <-chan struct{}, err error) {
	if err := t.beginOutage(ctx, o); err != nil {
		return nil, err
	}
	await(working, o.For.D())
	return t.endOutage(ctx, o)
}

func (t *trial) beginOutage(ctx context.Context, o faults.Outage) error {
	t.history.add(entry{Type: "fault", What: "begins", Detail: o.Describe()})
	at, err := o.Begin(ctx, t.agent)
	if err = t.turned(o, "begun", err); err != nil {
		return err
	}
	t.tell(ctx, turn{at: at})
	return nil
}

// endOutage reports when it is over: the time to recover counts from there. A
// trial that is ending leaves the outage in place, since it belongs to the
// evidence.
func (t *trial) endOutage(ctx context.Context, o faults.Outage) (calm <-chan struct{}, err error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	t.history.add(entry{Type: "fault", What: "ends", Detail: o.Describe()})
	at, err := o.End(ctx, t.agent)
	if err = t.turned(o, "ended", err); err != nil {
		return nil, err
	}
	u := turn{ended: true, at: at, calm: make(chan struct{})}
	t.tell(ctx, u)
	return u.calm, nil
}

func (t *trial) turned(o faults.Outage, what string, err error) error {
	detail := o.Describe()
	if err != nil {
		what, detail = "not "+what, err.Error()
	}
	t.history.add(entry{Type: "fault", What: what, Detail: detail})
	return err
}

// tell passes a turn on to the trial's goroutine, unless that no longer receives.
func (t *trial) tell(ctx context.Context, u turn) {
	select {
	case t.turns <- u:
	case <-ctx.Done():
	}
}

// throughOutage unmounts during the outage that is meant for it, and returns by
// how many seconds the umount outlasts the outage.
func (t *trial) throughOutage(ctx context.Context, umount func() error) (recovery float64, err error) {
	i := slices.IndexFunc(t.armed, func(a armed) bool {
		o, ok := a.fault.(faults.Outage)
		return ok && o.AtUmount
	})
	if i < 0 {
		return 0, umount()
	}
	o := t.armed[i].fault.(faults.Outage)
	if err := t.beginOutage(ctx, o); err != nil {
		return 0, err
	}
	over := make(chan error, 1)
	var ended float64
	go func() {
		await(ctx, o.For.D())
		_, err := t.endOutage(ctx, o)
		ended = t.history.now()
		over <- err
	}()
	err = umount()
	done := t.history.now()
	err = errors.Join(err, <-over)
	return max(done-ended, 0), err
}

// await waits and reports whether ctx is still valid.
func await(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
