package main

import (
	"context"
	"fmt"
)

type prepareCmd struct {
	Kernels []string `arg:"" optional:"" name:"kernel" default:"stock" help:"Kernels that will be run: built ones, or names of the catalogue. Default: ${default}."`
}

func (c *prepareCmd) Run(ctx context.Context, e *env) error {
	m, err := e.Machine(ctx, c.Kernels...)
	if err != nil {
		return err
	}
	for i, k := range m.Kernels {
		fmt.Fprintf(e.stdout, "%s: kernel %s, %s\n", c.Kernels[i], k.Version, k.BzImage)
	}
	fmt.Fprintln(e.stdout, m.Image.Line())
	fmt.Fprintf(e.stdout, "accelerator: %s\n", m.Choice.Why)
	return nil
}
