package session

import (
	"context"

	"loopfault/errs"
	"loopfault/faults"
	"loopfault/harness/control"
	"loopfault/harness/guest"
	"loopfault/harness/scenario"
	"loopfault/harness/trial"
	"loopfault/workloads/wire"
)

// CallsIn lists the calls in a kernel's function. It boots the kernel, since that works for any, and shows code as it is while it
// runs. An unknown function is the user's error.
func (e *Session) CallsIn(ctx context.Context, kernel, function string) (sites []faults.CallSite, fn wire.Symbol, err error) {
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
