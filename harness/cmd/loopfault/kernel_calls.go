package main

import (
	"context"
	"fmt"
	"text/tabwriter"
)

type kernelCallsCmd struct {
	Kernel   string `arg:"" help:"Kernel to boot and look into."`
	Function string `arg:"" help:"Kernel function whose calls are listed."`
	All      bool   `help:"List all calls. Default: only those that allocate memory."`
}

// callsOutput is what kernel calls --json prints.
type callsOutput struct {
	Calls []callRow `json:"calls"`
}

type callRow struct {
	Call   string `json:"call"` // as fault callsite names it
	Callee string `json:"callee"`
	Place  string `json:"place"` // function+offset of the call
}

func (c kernelCallsCmd) Run(ctx context.Context, e *env) error {
	sites, fn, err := e.CallsIn(ctx, c.Kernel, c.Function)
	if err != nil {
		return err
	}
	out := callsOutput{Calls: []callRow{}}
	for _, site := range sites {
		if c.All || site.Alloc {
			out.Calls = append(out.Calls, callRow{fmt.Sprint(site), site.Callee, fmt.Sprintf("%s+%#x", fn.Name, site.Call-fn.Start)})
		}
	}
	if e.json {
		return e.printJSON(out)
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, row := range out.Calls {
		fmt.Fprintf(t, "%s → %s\t%s\t%s\n", fn.Name, row.Call, row.Callee, row.Place)
	}
	if len(out.Calls) == 0 {
		fmt.Fprintf(t, "%s makes %d calls, none of them of a slab allocator; --all lists them\n", fn.Name, len(sites))
	}
	return t.Flush()
}
