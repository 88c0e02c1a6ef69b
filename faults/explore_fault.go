package faults

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// explore is an Explore with the state of one trial.
type explore struct {
	Explore
	outside
	plan   Schedule
	places []uint64    // found by Arm
	waits  map[int]int // used by hits only, which are serialized: hits by others until a vCPU goes on

	mu      sync.Mutex
	came    int
	landed  int64
	expired int64
	alone   int64
}

func (e *explore) Seed(seed uint64) {
	if len(e.Schedule) == 0 {
		e.plan = draw(newRand(seed, "explore"), e.Changes, e.Among, e.Longest)
	}
}

func (e *explore) Arm(ctx context.Context, t Target) error {
	if err := e.look(ctx, t, false); err != nil {
		return fmt.Errorf("explore: %w", err)
	}
	if len(e.plan) == 0 {
		e.Seed(0)
	}
	e.waits = map[int]int{}
	for _, p := range e.Points {
		addr, err := p.find(ctx, t)
		if err != nil {
			return fmt.Errorf("explore: %w", err)
		}
		if err := e.guest.Break(ctx, addr, func(c Processor) error { return e.hit(c, p) }); err != nil {
			return fmt.Errorf("explore: %w", err)
		}
		e.places = append(e.places, addr)
	}
	return nil
}

// hit is called when a vCPU has reached a point: it releases those that waited for
// this hit, and holds the vCPU if the plan says so. After the last change no vCPU
// need stop any more.
func (e *explore) hit(p Processor, at Place) error {
	e.mu.Lock()
	e.came++
	n := e.came
	e.mu.Unlock()
	for cpu := range e.waits {
		if e.waits[cpu]--; e.waits[cpu] <= 0 {
			delete(e.waits, cpu)
			if err := p.Release(cpu, 0); err != nil {
				return err
			}
		}
	}
	for _, c := range e.plan {
		if c.At == n {
			return e.change(p, c, at)
		}
	}
	if len(e.waits) == 0 && (len(e.plan) == 0 || n > e.plan[len(e.plan)-1].At) {
		return e.clear(p.Clear)
	}
	return nil
}

func (e *explore) change(p Processor, c Change, at Place) error {
	count := func(n *int64) {
		e.mu.Lock()
		defer e.mu.Unlock()
		*n++
	}
	where := fmt.Sprintf("%s, hit %d", at, c.At)
	held := p.Hold(e.For.D(), func(p Processor, expired bool) error {
		delete(e.waits, p.CPU())
		what := "came true"
		if expired {
			what = "expired"
			count(&e.expired)
		}
		return e.note(p, Hit{What: what, Where: where})
	})
	if !held {
		count(&e.alone)
		return nil
	}
	e.waits[p.CPU()] = c.Others
	count(&e.landed)
	return e.note(p, Hit{What: "held", Where: where})
}

func (e *explore) clear(one func(addr uint64) error) (err error) {
	for _, addr := range e.places {
		err = errors.Join(err, one(addr))
	}
	return err
}

func (e *explore) Prove(context.Context, Target) (Proof, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return Proof{Landed: e.landed, Schedule: e.plan.String(), Counts: map[string]int64{
		"explore/hits": int64(e.came), "explore/held": e.landed, "explore/expired": e.expired, "explore/alone": e.alone,
	}}, e.alive()
}

func (e *explore) Disarm(ctx context.Context, _ Target) error {
	if e.guest == nil {
		return nil
	}
	return e.clear(func(addr uint64) error { return e.guest.Clear(ctx, addr) })
}
