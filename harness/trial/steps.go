package trial

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"loopfault/faults"
	"loopfault/workloads/wire"
)

// bringUp makes sure that the kernel has what the scenario needs, turns the
// kernel's own detector on and starts server and mount.
func (t *trial) bringUp(ctx context.Context) error {
	var m wire.Mounted
	err := t.during(ctx, t.spec.Scenario.BringUpWithin(t.budgets), func(ctx context.Context) (err error) {
		if err := t.preflight(ctx); err != nil {
			return err
		}
		if err := t.checkUserland(ctx); err != nil {
			return err
		}
		if err := t.wakeKhungtaskd(ctx); err != nil {
			return err
		}
		if err := t.keepLayouts(ctx); err != nil {
			return err
		}
		if m, err = t.agent.BringUp(ctx, t.spec.Scenario.BringUp()); err != nil {
			return err
		}
		return t.wantDirectoryDelegations(ctx)
	})
	if err != nil {
		return err
	}
	t.result.Layout = m.Layout
	if m.Layout == "" && t.spec.Scenario.Ceph == nil {
		t.result.Layout, _ = wire.KernelLayout("none") // NFS without the pnfs line
	}
	t.result.Ops, t.result.Tracking = m.Ops, m.Tracking
	if t.spec.Scenario.Ceph != nil {
		t.history.add(entry{Type: "guest", What: "mounted", Detail: "two clients of a Ceph cluster"})
		return nil
	}
	t.history.add(entry{Type: "guest", What: "mounted", Detail: "vers=" + m.Vers + " pnfs=" + t.result.Layout + " tracking=" + m.Tracking})
	return nil
}

// work releases the workers, arms the faults and waits for the scenario's time.
func (t *trial) work(ctx context.Context) error {
	if err := t.during(ctx, t.budgets.Step, t.pokeServer); err != nil {
		return err
	}
	t.workAt = t.history.now()
	t.detectors.pace.workers, t.detectors.pace.began = t.workers, t.workAt
	err := t.during(ctx, t.budgets.Step, func(ctx context.Context) error {
		return t.agent.Release(ctx, wire.Release{Seed: t.spec.Planned.Seed})
	})
	if err != nil {
		return err
	}
	if err := t.armAll(ctx, t.spec.Scenario.Faults, "fault"); err != nil {
		return err
	}
	run := t.spec.Scenario.Run.D()
	until := time.Now().Add(run)
	return t.persevere(ctx, func() error {
		left := max(time.Until(until), 0)
		err := t.during(ctx, left+t.budgets.Step, func(ctx context.Context) error {
			return t.exert(ctx, left)
		})
		if err != nil {
			return err
		}
		// Ending the workers now might wake tasks, and hide a hang.
		return t.settle(ctx, func() string { return t.detectors.suspicious(t.budgets) })
	})
}

// settle waits until a suspected hang recovers or is certain, for as long as there is a
// reason.
func (t *trial) settle(ctx context.Context, reason func() string) error {
	for {
		why := reason()
		if why == "" {
			return nil
		}
		t.history.add(entry{Type: "phase", What: "settle", Detail: why})
		err := t.during(ctx, t.budgets.Step, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, t.budgets.HungCheck)
			defer cancel()
			return t.repeat(ctx)
		})
		if err != nil {
			return err
		}
	}
}

// startWorkloads launches the workers, which wait for the seed.
func (t *trial) startWorkloads(ctx context.Context) error {
	first := 0
	for _, w := range t.spec.Scenario.Workloads {
		s, err := t.agent.Start(ctx, wire.Start{Workload: w, First: first})
		if err != nil {
			return err
		}
		t.history.add(entry{Type: "workload", What: "start", Data: map[string]any{"first": first, "workers": s.Workers}})
		first += len(s.Workers)
		t.workers = append(t.workers, s.Workers...)
	}
	return nil
}

// exert drives pressures, faults and outages until the time is up. No outage is
// in progress when it returns.
func (t *trial) exert(ctx context.Context, run time.Duration) error {
	working, cancel := context.WithTimeout(ctx, run)
	defer cancel()
	over := make(chan struct{})
	go func() {
		defer close(over)
		t.driveOutages(ctx, working)
	}()
	err := t.repeat(working)
	<-over
	return err
}

// repeat drives the pressures and faults that need it until ctx ends. A write
// that blocks in the guest holds up only its own fault.
func (t *trial) repeat(ctx context.Context) error {
	for _, a := range t.armed {
		r, ok := a.fault.(faults.Repeater)
		if !ok || r.Period() == 0 {
			continue
		}
		go func() {
			tick := time.NewTicker(r.Period())
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
					_ = r.Again(ctx, t.agent) // the proof shows its effect
				}
			}
		}()
	}
	<-ctx.Done()
	return nil
}

// umount ends the workers and takes the mount down, faults still armed: the
// reported path is an eviction at umount.
func (t *trial) umount(ctx context.Context) error {
	t.detectors.pace.began = 0 // workers that are ended do not stall
	var u wire.Unmounted
	var recovery float64
	err := t.during(ctx, t.budgets.Step, func(ctx context.Context) error {
		m, err := t.agent.Mounted(ctx)
		if err != nil {
			return err
		}
		before := t.result.Ops
		t.result.Ops = maps.Clone(m.Ops)
		for op, n := range before {
			t.result.Ops[op] -= n
		}
		t.watchLoops(m.Uptime - t.workAt)
		recovery, err = t.throughOutage(ctx, func() (err error) {
			if err = t.agent.Kill(ctx, t.spec.Scenario.Finish.Writers == "stopped"); err == nil {
				u, err = t.agent.Umount(ctx)
			}
			return err
		})
		return err
	})
	if err != nil {
		return err
	}
	if recovery > 0 {
		t.detectors.recovery.add(recovery)
	}
	t.history.add(entry{Type: "guest", What: "unmounted", Data: u})
	if u.Error != "" {
		return fmt.Errorf("%w: umount: %s", errStep, u.Error)
	}
	return nil
}

// collect takes the last counts of a trial that did not hang, so far as is known then.
func (t *trial) collect(ctx context.Context) error {
	err := t.during(ctx, t.budgets.Step, func(ctx context.Context) error {
		for _, a := range slices.Backward(t.armed) {
			if err := a.fault.Disarm(ctx, t.agent); err != nil {
				return err
			}
		}
		t.saveCoverage(ctx)
		return errors.Join(t.prove(ctx), t.records(ctx))
	})
	if err != nil {
		return err
	}
	return t.settle(ctx, t.detectors.unresolved)
}
