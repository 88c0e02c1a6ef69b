package faults

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
)

// outside is what faults that stop vCPUs have in common.
type outside struct {
	guest Debugged
	tasks taskFinder
	text  textRange
}

// look inspects the guest. Without tasks or text the records of hits hold less; a
// fault that selects tasks fails.
func (o *outside) look(ctx context.Context, t Target, aboutTasks bool) (err error) {
	guest, ok := t.(Debugged)
	if !ok {
		return errors.New("this guest was started without a debugger")
	}
	o.guest = guest
	if o.tasks, err = findTasks(ctx, t); err != nil && aboutTasks {
		return err
	}
	o.text, _ = findText(ctx, t)
	return nil
}

// note records a hit with its task and stack.
func (o *outside) note(p Processor, h Hit) (err error) {
	h.CPU = p.CPU()
	if h.Stack, h.Guessed, err = stackOf(p, o.text); err != nil {
		return err
	}
	if h.Task == (Task{}) {
		if h.Task, err = o.tasks.of(p); err != nil {
			return err
		}
	}
	o.guest.Note(h)
	return nil
}

// alive returns the reason why nothing can land any more.
func (o *outside) alive() error {
	if o.guest == nil {
		return errors.New("was never armed")
	}
	return o.guest.Alive()
}

func newRand(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprint(h, name)
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
