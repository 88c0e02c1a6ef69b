package trial

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"time"

	"loopfault/harness/guest"
	"loopfault/results/store"
	"loopfault/workloads/wire"
)

// Prepared is a guest with server and mount up and its counters armed, frozen
// just before the work begins: what all trials of one scenario on one kernel have
// in common. Nothing in it depends on a trial's seed.
type Prepared struct {
	snapshot *guest.Snapshot
	record   store.Trial // kernel, layout and operations so far
	setUp
	fastest   float64            // see speed
	reference map[string]float64 // see pace
}

// setUp is what a trial knows of its guest from before the work began. All of it is as
// true of a guest that starts from a snapshot.
type setUp struct {
	config  string // of the guest's kernel, "" if it does not say
	text    uint64 // address of the kernel's _text, 0 if not known
	armed   []armed
	counted string            // the name of the target's function in this kernel, "" if there is no target
	failed  []string          // events that count calls in the target which a fault makes fail
	unseen  map[string]string // points of observation that this kernel does not have, and why
	poke    bool              // the server's code is to be changed before the load begins
	workers []string          // by counter slot
}

// Prepare boots a guest as a trial does, and freezes it. spec.Dir gets its history
// and its console. The error is an *Unfit, ctx's own, or says why this guest
// failed: then a trial that boots its own guest will find out whose fault that is.
func Prepare(ctx context.Context, spec Spec, phase func(string)) (*Prepared, error) {
	t, err := newTrial(spec, phase)
	if err != nil {
		return nil, err
	}
	t.spec.Guest.Freezable = true
	defer t.history.close()
	defer t.close()
	if err := t.take(ctx, []step{{PhaseBoot, t.boot}, {PhaseBringUp, t.bringUp}, {PhaseArm, t.arm}}); err != nil {
		return nil, err
	}
	p := &Prepared{record: t.result, setUp: t.setUp, fastest: t.detectors.speed.fastest, reference: t.detectors.pace.reference}
	err = t.timed(PhaseFreeze, func() (err error) {
		p.snapshot, err = t.guest.Freeze(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Check returns why the snapshot must not be used any more; nil if it may.
func (p *Prepared) Check() error { return p.snapshot.Check() }

// Close releases the snapshot.
func (p *Prepared) Close() { p.snapshot.Close() }

// restore starts from the snapshot instead of from a boot.
func (t *trial) restore(ctx context.Context) error {
	from := t.spec.Warm
	g, err := from.snapshot.Start(ctx, t.guestOptions())
	if err != nil {
		return err
	}
	t.connect(g)
	t.result.Kernel, t.result.Layout, t.result.Tracking = from.record.Kernel, from.record.Layout, from.record.Tracking
	t.result.Ops, t.result.Instrumented = maps.Clone(from.record.Ops), from.record.Instrumented
	t.result.Warm = true
	t.setUp = from.setUp
	t.armed = slices.Clone(t.armed)
	t.detectors.speed.fastest, t.detectors.pace.reference = from.fastest, from.reference
	var woken wire.Woken
	err = t.during(ctx, t.budgets.Step, func(ctx context.Context) (err error) {
		entropy := make([]byte, 64)
		if _, err := rand.Read(entropy); err != nil {
			return err
		}
		woken, err = t.agent.Wake(ctx, wire.Wake{Now: time.Now(), Entropy: entropy})
		return err
	})
	if err != nil {
		return err
	}
	t.setClock(woken.Uptime)
	t.history.add(entry{Type: "guest", What: "restored", Detail: fmt.Sprintf("%s, %.2f s after its boot", t.result.Kernel, woken.Uptime)})
	return nil
}
