package main

import (
	"context"
	"fmt"

	"loopfault/harness/session"
	"loopfault/vmimages/cache"
)

type kernelAddCmd struct {
	Package string `arg:"" placeholder:"debian:PACKAGE|FILE.deb|DIR" help:"As in debian:linux-image-6.1-amd64, for the newest of that series that apt knows; or a package's file, beside which the other packages of the same kernel are found; or a directory of such files, or one that packages of any distribution were unpacked to."`
}

func (c kernelAddCmd) Run(ctx context.Context, e *env) error {
	store, err := cache.Open("")
	if err != nil {
		return err
	}
	agent, err := session.AgentPath()
	if err != nil {
		return err
	}
	b := e.Builder(store)
	built, err := b.Add(ctx, c.Package, agent)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s: kernel %s, %s\n", built.Name, built.Version, built.BzImage)
	return nil
}
