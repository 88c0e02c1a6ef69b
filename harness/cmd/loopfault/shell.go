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
	"loopfault/harness/ssh"
	"loopfault/harness/trial"
	"loopfault/workloads/wire"
)

type shellCmd struct {
	Kernel   string   `placeholder:"K" default:"stock" help:"Kernel to boot."`
	Scenario string   `placeholder:"SCENARIO" default:"pnfs-layoutreturn-enomem" help:"Scenario whose machine, export and mount to set up; its faults and workloads are not started."`
	Console  string   `placeholder:"FILE" help:"Keep the serial console here."`
	Command  []string `arg:"" optional:"" passthrough:"" help:"Command to run instead of an interactive shell."`
}

func (c *shellCmd) Run(e *env) error {
	s, _, err := findScenario(c.Scenario)
	if err != nil {
		return err
	}
	m, err := e.machine(c.Kernel)
	if err != nil {
		return err
	}
	opts := m.options
	if c.Console != "" {
		if opts.ConsolePath, err = filepath.Abs(c.Console); err != nil {
			return usageError{err}
		}
	}
	fmt.Fprintf(e.stderr, "booting kernel %s (%s)\n", m.kernels[0].Name, m.options.Accel.Name)
	g, err := guest.Start(e.ctx, trial.MachineOf(s, m.kernels[0], m.image, opts.Timeouts), opts)
	if err != nil {
		return err
	}
	defer closeGuest(g, opts)
	go drain(g)
	agent := control.New(g.Agent())
	defer agent.Close()
	if err := bringUp(e.ctx, agent, opts, wire.BringUp{Export: s.Export, Mount: s.Mount}); err != nil {
		return errors.Join(err, g.Err())
	}
	login, err := g.Dial(e.ctx)
	if err != nil {
		return err
	}
	defer login.Close()
	if len(c.Command) == 0 {
		fmt.Fprintf(e.stderr, "the loop-back mount is on %s, the exported file system on %s; leave the shell to end the guest\n", wire.NFSRoot, wire.ExportRoot)
	}
	if len(c.Command) > 0 && c.Command[0] == "--" {
		c.Command = c.Command[1:]
	}
	err = login.Shell(e.ctx, os.Stdin, e.stdout, e.stderr, strings.Join(c.Command, " "))
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		return &outcome{exit.Code}
	}
	return err
}

// drain reads the task watch, which would block on a full channel.
func drain(g *guest.Guest) {
	for range control.Watch(g.Watch()) {
	}
}

// closeGuest ends a guest though the command may have been interrupted.
func closeGuest(g *guest.Guest, opts guest.Options) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*opts.Timeouts.Quit)
	defer cancel()
	_ = g.Close(ctx) // QEMU is reaped either way
}

func bringUp(ctx context.Context, agent *control.Client, opts guest.Options, what wire.BringUp) error {
	boot, cancel := context.WithTimeout(ctx, opts.Timeouts.Boot)
	defer cancel()
	if _, err := agent.Hello(boot); err != nil {
		return err
	}
	step, cancel := context.WithTimeout(ctx, opts.Timeouts.Step)
	defer cancel()
	_, err := agent.BringUp(step, what)
	return err
}
