package trial

import (
	"context"
	"fmt"
	"strings"

	"loopfault/vmimages/image"
	"loopfault/workloads/wire"
)

// checkUserland names every program that the scenario needs and the root image lacks,
// before a step of the bring-up fails for want of it.
func (t *trial) checkUserland(ctx context.Context) error {
	const missing = `for p; do command -v "$p" >/dev/null || echo "$p"; done`
	s := t.spec.Scenario
	argv := append([]string{"sh", "-c", missing, "sh"}, s.Programs()...)
	r, err := t.agent.Exec(ctx, wire.Exec{Argv: argv, Timeout: wire.Duration(t.budgets.Remote)})
	if err != nil || r.ExitCode != 0 {
		return err // a guest without a shell says more in the next step
	}
	lacks := strings.Fields(r.Output)
	if len(lacks) == 0 {
		return nil
	}
	release := t.spec.Image.Release
	why := fmt.Sprintf("lacks what scenario %s needs: %s", s.Name, strings.Join(lacks, ", "))
	if release != image.DefaultSpec().Release {
		why += fmt.Sprintf(" (without LOOPFAULT_RELEASE guests have the userland of %s, which has it)", image.DefaultSpec().Release)
	}
	return &Unfit{Release: release, Why: why}
}
