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
	g, err := guest.Start(ctx, machine, opts)
	if err != nil {
		return err
	}
	defer CloseGuest(g, opts)
	go Drain(g)
	agent := control.New(g.Agent())
	defer agent.Close()
	if err := bringUp(ctx, g, agent, opts, s); err != nil {
		return err
	}
	return use(g, agent)
}

// Drain reads the task watch, which would block on a full channel.
func Drain(g *guest.Guest) {
	for range control.Watch(g.Watch()) {
	}
}

// CloseGuest ends a guest though the command may have been interrupted.
func CloseGuest(g *guest.Guest, opts guest.Options) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*opts.Timeouts.Quit)
	defer cancel()
	_ = g.Close(ctx) // QEMU is reaped either way
}

// bringUp waits for a guest's agent and makes it mount. If the guest ended
// instead, the error is how it ended: the agent's silence only follows from that.
func bringUp(ctx context.Context, g *guest.Guest, agent *control.Client, opts guest.Options, s scenario.Scenario) error {
	err := mountUp(ctx, agent, opts, s)
	if !errors.Is(err, control.ErrSilent) || ctx.Err() != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, opts.Timeouts.Quit)
	defer cancel()
	_, _ = g.Await(wait, guest.Panicked)
	return cmp.Or(g.Err(), err)
}

func mountUp(ctx context.Context, agent *control.Client, opts guest.Options, s scenario.Scenario) error {
	boot, cancel := context.WithTimeout(ctx, opts.Timeouts.Boot)
	defer cancel()
	if _, err := agent.Hello(boot); err != nil {
		return err
	}
	step, cancel := context.WithTimeout(ctx, s.BringUpWithin(opts.Timeouts))
	defer cancel()
	_, err := agent.BringUp(step, s.BringUp())
	return err
}
