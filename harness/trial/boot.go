package trial

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"loopfault/errs"
	"loopfault/harness/control"
	"loopfault/harness/guest"
	"loopfault/results/kernelreport"
	"loopfault/results/report/plain"
	"loopfault/workloads/wire"
)

func (t *trial) boot(ctx context.Context) error {
	return control.UntilItWorks(func() error { return t.bootOnce(ctx) }, func(err error) {
		t.history.add(entry{Type: "guest", What: "boot again", Detail: err.Error()})
		t.close()
		t.forget()
	})
}

// forget forgets a guest that was closed before anything was done with it.
func (t *trial) forget() {
	t.guest, t.agent, t.samples, t.life = nil, nil, nil, nil
	t.console, t.detectors = kernelreport.NewLive(), detectors{known: t.detectors.known}
	t.hush, t.listening = hush{}, false
}

func (t *trial) bootOnce(ctx context.Context) error {
	machine := MachineOf(t.spec.Scenario, t.spec.Kernel, t.spec.Image, t.spec.Guest.Timeouts)
	for _, d := range t.spec.Devices {
		if _, stub := d.(guest.GDB); stub { // there is one stub for all
			machine.Devices = nil
		}
	}
	machine.Devices = append(machine.Devices, t.spec.Devices...)
	g, err := guest.Start(ctx, machine, t.guestOptions())
	if err != nil {
		return err
	}
	t.connect(g)
	return t.greet(ctx)
}

func (t *trial) guestOptions() guest.Options {
	opts := t.spec.Guest
	opts.ConsolePath, opts.Console = t.consolePath(), t.console
	return opts
}

// connect sets up the channels of a guest that just started to run.
func (t *trial) connect(g *guest.Guest) {
	t.guest = g
	t.agent = control.New(g.Agent())
	t.samples = control.Watch(g.Watch())
	t.life = g.Transitions(context.Background()) // ends with the guest
}

// greet waits for the agent's hello.
func (t *trial) greet(ctx context.Context) error {
	var hello wire.Hello
	err := t.during(ctx, t.budgets.Boot, func(ctx context.Context) (err error) {
		hello, err = t.agent.Hello(ctx)
		return err
	})
	if err != nil {
		return t.bootFailure(ctx, err)
	}
	t.setClock(hello.Uptime)
	t.result.Kernel = hello.Kernel
	t.history.add(entry{Type: "guest", What: "hello", Detail: hello.Kernel + " " + hello.Build})
	return nil
}

// setClock sets the clock of the history from the guest's uptime.
func (t *trial) setClock(uptime float64) {
	t.heard()
	t.wokeAt, t.woke = time.Now(), uptime
	booted := t.wokeAt.Add(-time.Duration(uptime * float64(time.Second)))
	t.history.setClock(func() float64 { return time.Since(booted).Seconds() })
}

// bootFailure distinguishes a kernel that cannot boot from a guest that was
// killed from outside, or hardly got to run.
func (t *trial) bootFailure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, control.ErrNoTimer) {
		return err
	}
	var dead *deadGuest
	if errors.As(err, &dead) && dead.fault != errs.Guest {
		return err
	}
	if waited := t.guest.Waited(); dead == nil && waited > t.budgets.Boot/2 {
		return &errs.Error{Class: errs.Infrastructure, Message: fmt.Sprintf(
			"the host is too busy to boot a guest: it was given %s, and for %s of that waited for a processor", t.budgets.Boot, waited.Round(time.Second))}
	}
	last := lastLine(t.guest.Console().Tail(lastLines))
	why := fmt.Sprintf("boots, but its agent did not answer within %s; last console line: %s", t.budgets.Boot, last)
	switch {
	case last == "":
		why = fmt.Sprintf("prints nothing within %s: not a kernel for this machine, or one without CONFIG_SERIAL_8250_CONSOLE", t.budgets.Boot)
	case t.guest.State() == guest.Panicked:
		why = "panics at boot: " + panicLine(t.guest.Console().Tail(lastLines), last)
	case dead != nil:
		why = "ends at boot: " + dead.Error()
	}
	return &Unfit{Kernel: t.spec.Kernel.Name, Why: why, AtBoot: true}
}

// lastLines is how many lines of the console are searched for why a guest did not boot.
const lastLines = 1000

func lastLine(lines []string) string {
	for i := len(lines) - 1; i >= 0; i-- {
		if l := strings.TrimSpace(plain.Line(lines[i])); l != "" {
			return l
		}
	}
	return ""
}

func panicLine(lines []string, fallback string) string {
	for _, l := range lines {
		if strings.Contains(l, "Kernel panic") {
			return strings.TrimSpace(plain.Line(l))
		}
	}
	return fallback
}
