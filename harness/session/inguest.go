package session

import (
	"cmp"
	"context"
	"errors"

	"loopfault/harness/control"
	"loopfault/harness/guest"
	"loopfault/harness/scenario"
)

// InGuest boots a guest with a scenario's mount up, calls use with it and its
// agent, and ends it.
func InGuest(ctx context.Context, s scenario.Scenario, machine guest.Spec, opts guest.Options, use func(*guest.Guest, *control.Client) error) error {
	return InBooted(ctx, machine, opts, func(g *guest.Guest, agent *control.Client) error {
		step, cancel := context.WithTimeout(ctx, s.BringUpWithin(opts.Timeouts))
		defer cancel()
		if _, err := agent.BringUp(step, s.BringUp()); err != nil {
			return whyEnded(ctx, g, opts, err)
		}
		return use(g, agent)
	})
}

// InBooted boots a guest, calls use with it and its agent, and ends it. A guest of which
// not all processors work is booted again before that.
func InBooted(ctx context.Context, machine guest.Spec, opts guest.Options, use func(*guest.Guest, *control.Client) error) error {
	boot := func() error { return inBooted(ctx, machine, opts, use) }
	return control.UntilItWorks(boot, func(error) {})
}

func inBooted(ctx context.Context, machine guest.Spec, opts guest.Options, use func(*guest.Guest, *control.Client) error) error {
	g, err := guest.Start(ctx, machine, opts)
	if err != nil {
		return err
	}
	defer CloseGuest(g, opts)
	go drain(g)
	agent := control.New(g.Agent())
	defer agent.Close()
	boot, cancel := context.WithTimeout(ctx, opts.Timeouts.Boot)
	defer cancel()
	if _, err := agent.Hello(boot); err != nil {
		return whyEnded(ctx, g, opts, err)
	}
	return use(g, agent)
}

// drain reads the task watch, which would block on a full channel.
func drain(g *guest.Guest) {
	for range control.Watch(g.Watch()) {
	}
}

// CloseGuest ends a guest though the command may have been interrupted.
func CloseGuest(g *guest.Guest, opts guest.Options) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*opts.Timeouts.Quit)
	defer cancel()
	_ = g.Close(ctx) // QEMU is reaped either way
}

// whyEnded is err, or how the guest ended: the agent's silence only follows from that.
func whyEnded(ctx context.Context, g *guest.Guest, opts guest.Options, err error) error {
	if !errors.Is(err, control.ErrSilent) || ctx.Err() != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, opts.Timeouts.Quit)
	defer cancel()
	_, _ = g.Await(wait, guest.Panicked)
	return cmp.Or(g.Err(), err)
}
