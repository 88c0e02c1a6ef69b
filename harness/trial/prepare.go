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
	armed    []armed
	workers  []string
	fastest  float64 // see speed
	text     uint64
	config   string
	failed   []string
	poke     bool
	unseen   map[string]string

	reference map[string]float64 // see pace
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
	p := &Prepared{record: t.result, armed: t.armed, workers: t.workers, fastest: t.detectors.speed.fastest, text: t.text, config: t.config, failed: t.failed, poke: t.poke, unseen: t.unseen, reference: t.detectors.pace.reference}
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
	t.armed, t.workers, t.failed, t.poke = slices.Clone(from.armed), from.workers, from.failed, from.poke
	t.unseen, t.detectors.pace.reference = from.unseen, from.reference
	t.detectors.speed.fastest, t.text, t.config = from.fastest, from.text, from.config
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
