package trial

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"loopfault/faults"
	"loopfault/harness/scenario"
	"loopfault/vmimages/kernel"
)

// returnOnClose is the module parameter that instrumented kernels have.
const returnOnClose = "/sys/module/nfsd/parameters/layout_return_on_close"

// directoryDelegations is the module parameter by which a client may ask for them.
const directoryDelegations = "/sys/module/nfsv4/parameters/directory_delegations"

// needsPoke reports whether the server's setting can be made only from outside, by
// patching the kernel's code in memory.
func needsPoke(s scenario.Scenario, k kernel.Build) bool {
	return s.Export.KeepsLayouts() && !k.Instrumented(kernel.ReturnOnClosePatch)
}

// keepLayouts makes the server grant layouts that outlive CLOSE, if the scenario wants
// that. A kernel without the parameter is patched from outside before the load begins:
// a guest under a debugger cannot be frozen.
func (t *trial) keepLayouts(ctx context.Context) error {
	if !t.spec.Scenario.Export.KeepsLayouts() {
		return nil
	}
	err := t.agent.WriteFile(ctx, returnOnClose, "N")
	switch {
	case err == nil:
		t.result.Instrumented = []string{"LAYOUTGET replies without return-on-close: nfsd.layout_return_on_close=N (" + kernel.ReturnOnClosePatch + ")"}
		return nil
	case !needsPoke(t.spec.Scenario, t.spec.Kernel):
		return fmt.Errorf("set nfsd.layout_return_on_close: %w", err)
	}
	t.history.add(entry{Type: "guest", What: "no nfsd.layout_return_on_close", Detail: err.Error()})
	t.poke = true
	return nil
}

// wantDirectoryDelegations fails if the scenario needs a client that asks for delegations of directories, and this is none.
func (t *trial) wantDirectoryDelegations(ctx context.Context) error {
	if !t.spec.Scenario.Mount.DirectoryDelegations {
		return nil
	}
	err := t.agent.WriteFile(ctx, directoryDelegations, "Y")
	if errors.Is(err, fs.ErrNotExist) {
		return &Unfit{Kernel: t.spec.Kernel.Name, Why: "its client does not ask for delegations of directories: it has no module parameter nfsv4.directory_delegations"}
	}
	return err
}

// pokeServer changes the constant in the server's code that asks for return-on-close.
func (t *trial) pokeServer(ctx context.Context) error {
	if !t.poke {
		return nil
	}
	addr, err := faults.ReturnOnClose(ctx, t.agent)
	if err != nil {
		return &Unfit{Kernel: t.spec.Kernel.Name, Why: fmt.Sprintf("has no module parameter nfsd.layout_return_on_close (%s), and its code is not understood: %v",
			kernel.ReturnOnClosePatch, err)}
	}
	if _, err := t.target(ctx); err != nil {
		return err
	}
	if err := t.debugged.session.Poke(ctx, addr, []byte{0}); err != nil {
		return fmt.Errorf("change %s: %w", faults.LayoutgetReply, err)
	}
	how := "LAYOUTGET replies without return-on-close: a constant of " + faults.LayoutgetReply + "() was changed in memory"
	t.result.Instrumented = []string{how}
	t.history.add(entry{Type: "guest", What: "instrumented", Detail: fmt.Sprintf("%s, at %#x", how, addr)})
	return nil
}
