package main

import "context"

type kernelCallsCmd struct {
	Kernel   string `arg:"" help:"Kernel to boot and look into."`
	Function string `arg:"" help:"Kernel function whose calls are listed."`
	All      bool   `help:"List all calls. Default: only those that allocate memory."`
}

func (c kernelCallsCmd) Run(ctx context.Context, e *env) error {
	calls, err := e.CallsOf(ctx, c.Kernel, c.Function, c.All)
	if err != nil {
		return err
	}
	return e.show(calls)
}
