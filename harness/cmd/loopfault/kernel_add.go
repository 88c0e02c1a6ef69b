package main

import (
	"context"
	"fmt"

	"loopfault/harness/session"
)

type kernelAddCmd struct {
	Package string `arg:"" placeholder:"debian:PACKAGE|FILE.deb|DIR" help:"debian:PACKAGE, as in debian:linux-image-6.1-amd64, for the newest kernel of that series that apt knows. Or the file of a package; further packages of the same kernel are looked for in its directory. Or a directory of such files. Or a directory that packages of any distribution were unpacked to."`
}

func (c kernelAddCmd) Run(ctx context.Context, e *env) error {
	b, err := e.Builder()
	if err != nil {
		return err
	}
	agent, err := session.AgentPath()
	if err != nil {
		return err
	}
	built, err := b.Add(ctx, c.Package, agent)
	if err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, built.Line())
	return nil
}
