package trial

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"loopfault/harness/scenario"
	"loopfault/workloads/wire"
)

// readConfig asks the kernel for its configuration, or takes the one shipped with
// it: distributions build theirs without CONFIG_IKCONFIG_PROC.
func (t *trial) readConfig(ctx context.Context) error {
	r, err := t.agent.Exec(ctx, wire.Exec{Argv: []string{"zcat", "/proc/config.gz"}, Timeout: wire.Duration(t.budgets.Remote)})
	if err != nil {
		return err
	}
	if t.config = r.Output; r.ExitCode == 0 {
		return nil
	}
	t.config = ""
	if t.spec.Kernel.Config != "" {
		text, err := os.ReadFile(t.spec.Kernel.Config)
		if err != nil {
			return err
		}
		t.config = string(text)
	}
	return nil
}

// preflight names every kernel option that the scenario needs and this kernel lacks. An
// option missing from the configuration may only have been renamed, so the guest is
// checked for its effects. A kernel without any configuration is not checked: modules
// show only once loaded, and the failing step reports the lack.
func (t *trial) preflight(ctx context.Context) error {
	if err := t.readConfig(ctx); err != nil || t.config == "" {
		return err
	}
	on := options(t.config)
	lacks := on.lackedBy(t.spec.Scenario)
	if len(lacks) == 0 {
		return nil
	}
	found, err := shown(ctx, t.agent, lacks, t.budgets.Remote)
	if err != nil {
		return err
	}
	for opt, there := range found {
		if _, spokenOf := on[opt]; there && !spokenOf {
			on[opt] = true
		}
	}
	if lacks = on.lackedBy(t.spec.Scenario); len(lacks) == 0 {
		return nil
	}
	why := fmt.Sprintf("lacks what scenario %s needs: %s", t.spec.Scenario.Name, strings.Join(lacks, ", "))
	return &Unfit{Kernel: t.spec.Kernel.Name, Why: why + on.wayOut(t.spec.Scenario, len(lacks))}
}

// config is the options that a kernel's configuration lists, and whether they are on.
type config map[string]bool

func options(text string) config {
	on := config{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if off, ok := strings.CutSuffix(strings.TrimPrefix(line, "# "), " is not set"); ok {
			on[off] = false
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		on[name] = ok && (value == "y" || value == "m")
	}
	return on
}

// has reports whether a kernel has an option's feature.
func (c config) has(opt string) bool {
	on, spokenOf := c[opt]
	if whole := scenario.PartOf(opt); whole != "" && !spokenOf {
		return c[whole]
	}
	return on
}

func (c config) lackedBy(s scenario.Scenario) (lacks []string) {
	for _, opt := range s.KernelOptions() {
		if !c.has(opt) && !slices.Contains(lacks, opt) {
			lacks = append(lacks, opt)
		}
	}
	return lacks
}

// wayOut suggests what works: a kernel of the scenario's flavour, or with an unchanged kernel
// another backend for a fault, or another layout of its server.
func (c config) wayOut(s scenario.Scenario, lacked int) string {
	var ways []string
	for _, f := range s.Flavours() {
		if opt := scenario.Brings(f); !c.has(opt) {
			ways = append(ways, "kernel build --flavour "+f+" brings "+opt)
		}
	}
	if other, err := s.By(scenario.Callsite); err == nil {
		if left := len(c.lackedBy(other)); left < lacked {
			s, lacked = other, left
			ways = append(ways, "--fault-backend callsite needs no fault injection of it")
		}
	}
	for _, layout := range []string{wire.LayoutSCSI, wire.LayoutBlock} {
		if s.Mount.Layout == wire.LayoutFlexfiles && len(c.lackedBy(s.WithLayout(layout))) < lacked {
			ways = append(ways, "its server grants "+layout+" layouts, which scenario pnfs-block-enomem is about")
			break
		}
	}
	if len(ways) == 0 {
		return ""
	}
	return " (" + strings.Join(ways, "; ") + ")"
}
