package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"loopfault/errs"
	"loopfault/harness/collect"
	"loopfault/results/evidence"
)

type collectCmd struct {
	Output string        `short:"o" placeholder:"FILE.tar.zst" help:"Archive to write; - is standard output. Default: a file here, with the host and the time in its name."`
	Paths  bool          `help:"Keep the names of files and directories. Default: each is replaced by a number."`
	Apart  time.Duration `default:"5s" placeholder:"5s" help:"Everything is looked at twice, with this time in between: what went on between the two looks does not hang. Default: ${default}."`
	Each   time.Duration `default:"3s" placeholder:"3s" help:"How long one read may take. After that its process is killed or, if it cannot be killed, left behind. Default: ${default}."`
	For    time.Duration `default:"1m" placeholder:"1m" help:"How long all reads together may take; what was not read by then is left out. Default: ${default}."`
}

func (c *collectCmd) Run(ctx context.Context, e *env) error {
	if c.Apart <= 0 || c.Each <= 0 || c.For <= c.Apart {
		return errs.Usagef("--apart, --each and --for are %s, %s and %s; want times above 0, and --for longer than --apart", c.Apart, c.Each, c.For)
	}
	if err := collect.CheckProgram(); err != nil {
		return err
	}
	out, err := collect.Create(c.Output, e.stdout.Raw())
	if err != nil {
		return err
	}
	defer out.Discard()
	taken, err := collect.Take(ctx, collect.Options{
		Apart: c.Apart, Each: c.Each, For: c.For, Paths: c.Paths, Version: version,
		Tell: func(t evidence.Text, problems int) { fmt.Fprintln(e.stderr, collect.Line(t, problems)) },
	})
	if err != nil {
		return fmt.Errorf("no archive was written: %w", err)
	}
	if err := out.Keep(taken); err != nil {
		return err
	}
	taken.Warn(e.stderr)
	if out.Name != "" { // standard output has the archive otherwise
		if err := e.show(collect.Kept{File: out.Name, Collection: taken.About}); err != nil {
			return err
		}
	}
	if !taken.Tells() {
		fmt.Fprintln(e.stderr, "loopfault: neither a stack nor an RPC could be read, so that nothing can be explained from this; as root more can be read")
		return &outcome{exitInconclusive}
	}
	return nil
}

// readFor is a process of a collection under way, which may block in what it reads.
func readFor(in io.Reader, out io.Writer) int {
	if err := collect.Serve(in, out); err != nil {
		return exitInfrastructure
	}
	return exitClean
}
