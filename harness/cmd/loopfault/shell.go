package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"loopfault/errs"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/harness/ssh"
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
	}
	sh := session.Shell{
		Command: strings.Join(c.Command, " "), Gdb: c.Gdb, Console: c.Console,
		In: os.Stdin, Out: e.stdout.Raw(), Err: e.stderr.Raw(), Tell: e.stderr,
	}
	err := c.open(ctx, e, sh)
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		return &outcome{exit.Code}
	}
	return err
}

func (c *shellCmd) open(ctx context.Context, e *env, sh session.Shell) error {
	switch {
	case c.AtHang:
		return c.atHang(ctx, e, sh)
	case c.Trial != "":
		return sh.BootStored(ctx, &e.Session, c.Trial)
	}
	return sh.BootScenario(ctx, &e.Session, c.Scenario, c.Kernel)
}

// atHang reruns a trial, several times if need be, until it hangs. The exit code is the command's, or 2 if nothing hung.
func (c *shellCmd) atHang(ctx context.Context, e *env, sh session.Shell) error {
	spec, was, err := e.ReplayOf(ctx, c.Trial, session.GuestFlags{Jobs: 1, Vmcore: c.Vmcore})
	if err != nil {
		return err
	}
	hung := false
	var login error
	sh.AtHang(&spec, func(err error) { hung, login = true, err })
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
