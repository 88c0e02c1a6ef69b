package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"loopfault/errs"
	"loopfault/harness/control"
	"loopfault/harness/guest"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/harness/ssh"
	"loopfault/harness/trial"
	"loopfault/vmimages/kernel"
	"loopfault/workloads/wire"
)

type shellCmd struct {
	Kernel   string       `placeholder:"K" default:"stock" help:"Kernel to boot. Default: ${default}."`
	Scenario scenario.Ref `placeholder:"SCENARIO" default:"pnfs-layoutreturn-enomem" help:"Scenario whose machine, export and mount to set up; its faults and workloads are not started. Default: ${default}."`
	Trial    string       `placeholder:"RUN/N" help:"A stored trial whose kernel and scenario to take instead."`
	AtHang   bool         `help:"With --trial: run the trial again until it hangs, and log in then."`
	Tries    int          `default:"5" placeholder:"N" help:"With --at-hang: give up after so many trials without a hang. Default: ${default}."`
	Vmcore   bool         `help:"With --at-hang: dump the guest's memory before the shell opens."`
	Gdb      bool         `help:"Let a debugger attach to the guest's processors, and print how."`
	Console  string       `placeholder:"FILE" help:"File to write the serial console to."`
	Command  []string     `arg:"" optional:"" passthrough:"" help:"Command to run in the guest. Default: an interactive shell."`
}

func (c *shellCmd) Run(ctx context.Context, e *env) error {
	if len(c.Command) > 0 && c.Command[0] == "--" {
		c.Command = c.Command[1:]
	}
	switch {
	case c.AtHang && c.Trial == "":
		return errs.Usagef("--at-hang needs --trial: which trial should hang?")
	case c.Tries < 1:
		return errs.Usagef("--tries is %d, expected 1 or more", c.Tries)
	case c.Vmcore && !c.AtHang:
		return errs.Usagef("--vmcore needs --at-hang: the memory of a guest that hangs is dumped")
	case c.AtHang:
		return c.atHang(ctx, e)
	case c.Trial != "":
		spec, _, err := e.ReplayOf(ctx, c.Trial, session.GuestFlags{})
		if err != nil {
			return err
		}
		return c.boot(ctx, e, spec.Scenario, session.Machine{Kernels: []kernel.Build{spec.Arms[0].Kernel}, Image: spec.Image, Options: spec.Guest})
	}
	s, _, err := session.FindScenario(c.Scenario)
	if err != nil {
		return err
	}
	m, err := e.MachineFor(ctx, s, c.Kernel)
	if err != nil {
		return err
	}
	return c.boot(ctx, e, s, m)
}

// atHang reruns a trial, several times if need be, and logs into its guest when it
// hangs, after the evidence was collected. The exit code is the command's, or 2 if
// nothing hung.
func (c *shellCmd) atHang(ctx context.Context, e *env) error {
	spec, was, err := e.ReplayOf(ctx, c.Trial, session.GuestFlags{Jobs: 1, Vmcore: c.Vmcore})
	if err != nil {
		return err
	}
	spec.Devices = c.devices()
	hung := false
	var login error
	spec.AtHang = func(ctx context.Context, g *guest.Guest) {
		hung = true
		fmt.Fprintf(e.stderr, "\nthe guest hangs; its evidence is kept. Leave the shell to end the trial.\n")
		c.sayGdb(e, spec.Arms[0].Kernel, g)
		login = c.login(ctx, e, g)
	}
	aside := *e
	aside.stdout, aside.Text = e.stderr, e.stderr // standard output is the command's
	for try := 1; try <= c.Tries; try++ {
		err := aside.replay(ctx, spec, was)
		var found *outcome
		switch {
		case hung:
			return login
		case err != nil && !errors.As(err, &found):
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		fmt.Fprintf(e.stderr, "loopfault: the trial did not hang this time (%d of %d)\n", try, c.Tries)
	}
	return &outcome{exitInconclusive}
}

// boot starts a guest with the mount up and logs in.
func (c *shellCmd) boot(ctx context.Context, e *env, s scenario.Scenario, m session.Machine) (err error) {
	opts := m.Options
	if c.Console != "" {
		if opts.ConsolePath, err = filepath.Abs(c.Console); err != nil {
			return errs.ByUser(err)
		}
	}
	fmt.Fprintf(e.stderr, "booting kernel %s (%s)\n", m.Kernels[0].Name, m.Options.Accel.Name)
	spec := trial.MachineOf(s, m.Kernels[0], m.Image, opts.Timeouts)
	spec.Devices = c.devices()
	return session.InGuest(ctx, s, spec, opts, func(g *guest.Guest, _ *control.Client) error {
		c.sayGdb(e, m.Kernels[0], g)
		if len(c.Command) == 0 {
			fmt.Fprintf(e.stderr, "%s; leave the shell to end the guest\n", whereMounted(s))
		}
		return c.login(ctx, e, g)
	})
}

// whereMounted says where things are in the guest.
func whereMounted(s scenario.Scenario) string {
	if s.Ceph != nil {
		return fmt.Sprintf("one client of the Ceph cluster is mounted on %s, the other on %s", wire.CephRoot, wire.CephBehind)
	}
	return fmt.Sprintf("the loop-back mount is on %s, the exported file system on %s", wire.NFSRoot, wire.ExportRoot)
}

// devices are those that the flags ask for.
func (c *shellCmd) devices() []guest.Device {
	if !c.Gdb {
		return nil
	}
	return []guest.Device{guest.GDB{}}
}

// sayGdb prints the line that attaches a debugger.
func (c *shellCmd) sayGdb(e *env, k kernel.Build, g *guest.Guest) {
	if c.Gdb {
		fmt.Fprintf(e.stderr, "the guest stands still while a debugger is attached; to attach one, with source lines if the kernel is of flavour debuginfo:\n")
		fmt.Fprintf(e.stderr, "    gdb %s -ex 'target remote %s'\n", k.Vmlinux, g.Listener(guest.GDBSocket))
	}
}

// login runs the command, or a shell, in the guest; its exit code is ours.
func (c *shellCmd) login(ctx context.Context, e *env, g *guest.Guest) error {
	login, err := g.Dial(ctx)
	if err != nil {
		return err
	}
	defer login.Close()
	err = login.Shell(ctx, os.Stdin, e.stdout.Raw(), e.stderr.Raw(), strings.Join(c.Command, " "))
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		return &outcome{exit.Code}
	}
	return err
}
