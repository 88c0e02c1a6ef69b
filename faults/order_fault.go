package faults

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// order is an Order with the state of one trial.
type order struct {
	Order
	outside
	chosen      chooser
	hold, until uint64 // addresses, found by Arm
	holding     bool   // used by hits only, which are serialized
	about       uint64 // the held vCPU's argument
	mu          sync.Mutex
	expired     int64
	alone       int64 // not held since no other processor was left
}

func (o *order) Seed(seed uint64) { o.chosen.seed(seed, o.Hold.String()) }

func (o *order) Arm(ctx context.Context, t Target) error {
	err := o.look(ctx, t, false)
	if err == nil {
		o.hold, err = o.Hold.find(ctx, t)
	}
	if err == nil && o.Until != nil {
		o.until, err = o.Until.find(ctx, t)
	}
	if err != nil {
		return fmt.Errorf("order: %w", err)
	}
	return o.guest.Break(ctx, o.hold, o.came)
}

// came is called when a vCPU has reached Hold.
func (o *order) came(p Processor) error {
	about, err := argument(p, o.Same)
	if err != nil || o.holding || !o.chosen.next() {
		return err
	}
	d := o.For.D()
	if o.Until == nil {
		d = time.Duration(o.chosen.draw(int64(d))) + 1
	}
	if !p.Hold(d, o.over) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.alone++
		return nil
	}
	o.holding, o.about = true, about
	if o.Until == nil {
		return nil
	}
	// The place may be hit all the time: it matters only now.
	held := p.CPU()
	return p.Break(o.until, func(other Processor) error {
		about, err := argument(other, o.Same)
		if err != nil || about != o.about || other.CPU() == held {
			return err
		}
		return errors.Join(other.Clear(o.until), other.Release(held, o.Linger.D()))
	})
}

// over is called with the vCPU that was held. The end of a drawn time is the
// intended outcome.
func (o *order) over(p Processor, expired bool) error {
	o.holding = false
	what := "came true"
	var err error
	if expired && o.Until != nil {
		what = "expired"
		o.mu.Lock()
		o.expired++
		o.mu.Unlock()
		err = p.Clear(o.until)
	} else if o.chosen.land() {
		err = p.Clear(o.hold)
	}
	return errors.Join(err, o.note(p, Hit{What: what, Where: o.Hold.String()}))
}

func (o *order) Prove(context.Context, Target) (Proof, error) {
	came, landed := o.chosen.counts()
	o.mu.Lock()
	defer o.mu.Unlock()
	name := "order/" + o.Hold.String()
	return Proof{Landed: landed, Counts: map[string]int64{
		name + "/came": came, name + "/held": landed + o.expired, name + "/expired": o.expired, name + "/alone": o.alone,
	}}, o.alive()
}

func (o *order) Disarm(ctx context.Context, _ Target) error {
	if o.guest == nil {
		return nil
	}
	err := o.guest.Clear(ctx, o.hold)
	if o.Until != nil {
		err = errors.Join(err, o.guest.Clear(ctx, o.until))
	}
	return err
}
