package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"loopfault/harness/control"
	"loopfault/harness/guest"
	"loopfault/harness/scenario"
	"loopfault/harness/ssh"
	"loopfault/harness/trial"
	"loopfault/vmimages/kernel"
	"loopfault/workloads/wire"
)

type shellCmd struct {
	Kernel   string   `placeholder:"K" default:"stock" help:"Kernel to boot."`
	Scenario string   `placeholder:"SCENARIO" default:"pnfs-layoutreturn-enomem" help:"Scenario whose machine, export and mount to set up; its faults and workloads are not started."`
	Trial    string   `placeholder:"RUN/N" help:"A stored trial whose kernel and scenario to take instead."`
	AtHang   bool     `help:"With --trial: run the trial again until it hangs, and log in then."`
	Tries    int      `default:"5" placeholder:"N" help:"With --at-hang: give up after so many trials without a hang."`
	Vmcore   bool     `help:"With --at-hang: dump the memory before the shell opens."`
	Gdb      bool     `help:"Let a debugger attach to the guest's processors, and print how."`
	Console  string   `placeholder:"FILE" help:"Keep the serial console here."`
	Command  []string `arg:"" optional:"" passthrough:"" help:"Command to run instead of an interactive shell."`
}

func (c *shellCmd) Run(e *env) error {
	if len(c.Command) > 0 && c.Command[0] == "--" {
		c.Command = c.Command[1:]
	}
	switch {
	case c.AtHang && c.Trial == "":
		return usagef("--at-hang needs --trial: which trial should hang?")
	case c.Tries < 1:
		return usagef("--tries is %d, expected 1 or more", c.Tries)
	case c.Vmcore && !c.AtHang:
		return usagef("--vmcore needs --at-hang: the memory of a guest that hangs is dumped")
	case c.AtHang:
		return c.atHang(e)
	case c.Trial != "":
		spec, err := e.replayOf(c.Trial, guestFlags{})
		if err != nil {
			return err
		}
		return c.boot(e, spec.Scenario, machine{kernels: []kernel.Build{spec.Arms[0].Kernel}, image: spec.Image, options: spec.Guest})
	}
	s, _, err := findScenario(c.Scenario)
	if err != nil {
		return err
	}
	m, err := e.machine(c.Kernel)
	if err != nil {
		return err
	}
	return c.boot(e, s, m)
}

// atHang runs a trial again, several times if need be, and logs into its guest
// when it hangs, once the evidence has been taken. The exit code is the command's,
// or 2 if nothing hung.
func (c *shellCmd) atHang(e *env) error {
	spec, err := e.replayOf(c.Trial, guestFlags{Jobs: 1, Vmcore: c.Vmcore})
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
	aside.stdout = e.stderr // standard output is the command's
	for try := 1; try <= c.Tries; try++ {
		err := aside.replay(spec)
		var found *outcome
		switch {
		case hung:
			return login
		case err != nil && !errors.As(err, &found):
			return err
		case e.ctx.Err() != nil:
			return context.Cause(e.ctx)
		}
		fmt.Fprintf(e.stderr, "loopfault: the trial did not hang this time (%d of %d)\n", try, c.Tries)
	}
	return &outcome{exitInconclusive}
}

// boot starts a guest with the mount up and logs in.
func (c *shellCmd) boot(e *env, s scenario.Scenario, m machine) (err error) {
	opts := m.options
	if c.Console != "" {
		if opts.ConsolePath, err = filepath.Abs(c.Console); err != nil {
			return usageError{err}
		}
	}
	fmt.Fprintf(e.stderr, "booting kernel %s (%s)\n", m.kernels[0].Name, m.options.Accel.Name)
	spec := trial.MachineOf(s, m.kernels[0], m.image, opts.Timeouts)
	spec.Devices = c.devices()
	return e.inGuest(s, spec, opts, func(g *guest.Guest, _ *control.Client) error {
		c.sayGdb(e, m.kernels[0], g)
		if len(c.Command) == 0 {
			fmt.Fprintf(e.stderr, "the loop-back mount is on %s, the exported file system on %s; leave the shell to end the guest\n", wire.NFSRoot, wire.ExportRoot)
		}
		return c.login(e.ctx, e, g)
	})
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
