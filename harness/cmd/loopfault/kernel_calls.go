package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"loopfault/errs"

	"loopfault/faults"
	"loopfault/harness/control"
	"loopfault/harness/guest"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/harness/trial"
	"loopfault/workloads/wire"
)

// kernelCallsCmd boots the kernel, since that works for any, and shows code as it is
// while it runs.
type kernelCallsCmd struct {
	Kernel   string `arg:"" help:"Kernel to boot and look into."`
	Function string `arg:"" help:"Kernel function whose calls are listed."`
	All      bool   `help:"List all calls. Default: only those that allocate memory."`
}

func (c kernelCallsCmd) Run(ctx context.Context, e *env) error {
	s, _, err := scenario.Find("umount-matrix")
	if err != nil {
		return err
	}
	m, err := e.Machine(ctx, c.Kernel)
	if err != nil {
		return err
	}
	sites, fn, err := c.calls(ctx, s, m)
	if err != nil {
		return err
	}
	if e.json {
		return e.printCalls(fn, sites, c.All)
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	shown := 0
	for _, site := range sites {
		if c.All || site.Alloc {
			fmt.Fprintf(t, "%s → %s\t%s\t%s+%#x\n", fn.Name, site, site.Callee, fn.Name, site.Call-fn.Start)
			shown++
		}
	}
	if shown == 0 {
		fmt.Fprintf(t, "%s makes %d calls, none of them of a slab allocator; --all lists them\n", fn.Name, len(sites))
	}
	return t.Flush()
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

func (e *env) printCalls(fn wire.Symbol, sites []faults.CallSite, all bool) error {
	out := callsOutput{Calls: []callRow{}}
	for _, site := range sites {
		if all || site.Alloc {
			out.Calls = append(out.Calls, callRow{fmt.Sprint(site), site.Callee, fmt.Sprintf("%s+%#x", fn.Name, site.Call-fn.Start)})
		}
	}
	return e.printJSON(out)
}

func (c kernelCallsCmd) calls(ctx context.Context, s scenario.Scenario, m session.Machine) (sites []faults.CallSite, fn wire.Symbol, err error) {
	machine := trial.MachineOf(s, m.Kernels[0], m.Image, m.Options.Timeouts)
	err = session.InBooted(ctx, machine, m.Options, func(_ *guest.Guest, agent *control.Client) (err error) {
		step, cancel := context.WithTimeout(ctx, m.Options.Timeouts.Step)
		defer cancel()
		if fn, err = faults.Function(step, agent, c.Function); err != nil {
			return errs.ByUser(err)
		}
		sites, err = faults.Calls(step, agent, fn)
		return err
	})
	return sites, fn, err
}
