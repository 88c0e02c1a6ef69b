package session

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"loopfault/errs"
	"loopfault/faults"
	"loopfault/harness/control"
	"loopfault/harness/guest"
	"loopfault/harness/scenario"
	"loopfault/harness/trial"
	"loopfault/workloads/wire"
)

// Calls are calls in a kernel function, as kernel calls --json prints them.
type Calls struct {
	Calls    []Call `json:"calls"`
	function string
	all      int // that there are
}

// Call is a call that can be failed.
type Call struct {
	Call   string `json:"call"` // as fault callsite names it
	Callee string `json:"callee"`
	Place  string `json:"place"` // function+offset of the call
}

// Fprint writes them for people.
func (c Calls) Fprint(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, call := range c.Calls {
		fmt.Fprintf(t, "%s → %s\t%s\t%s\n", c.function, call.Call, call.Callee, call.Place)
	}
	if len(c.Calls) == 0 {
		fmt.Fprintf(t, "%s makes %d calls, none of them of a slab allocator; --all lists them\n", c.function, c.all)
	}
	t.Flush()
}

// CallsOf boots a kernel and lists the calls in one of its functions: all of them, or those that allocate memory.
func (e *Session) CallsOf(ctx context.Context, kernel, function string, all bool) (Calls, error) {
	sites, fn, err := e.callsIn(ctx, kernel, function)
	out := Calls{Calls: []Call{}, function: fn.Name, all: len(sites)}
	for _, site := range sites {
		if all || site.Alloc {
			out.Calls = append(out.Calls, Call{fmt.Sprint(site), site.Callee, fmt.Sprintf("%s+%#x", fn.Name, site.Call-fn.Start)})
		}
	}
	return out, err
}

// callsIn lists the calls in a kernel's function. It boots the kernel, since that works for any, and shows code as it is while it
// runs. An unknown function is the user's error.
func (e *Session) callsIn(ctx context.Context, kernel, function string) (sites []faults.CallSite, fn wire.Symbol, err error) {
	s, _, err := scenario.Find("umount-matrix")
	if err != nil {
		return nil, fn, err
	}
	m, err := e.Machine(ctx, kernel)
	if err != nil {
		return nil, fn, err
	}
	machine := trial.MachineOf(s, m.Kernels[0], m.Image, m.Options.Timeouts)
	err = InBooted(ctx, machine, m.Options, func(_ *guest.Guest, agent *control.Client) (err error) {
		step, cancel := context.WithTimeout(ctx, m.Options.Timeouts.Step)
		defer cancel()
		if fn, err = faults.Function(step, agent, function); err != nil {
			return errs.ByUser(err)
		}
		sites, err = faults.Calls(step, agent, fn)
		return err
	})
	return sites, fn, err
}
