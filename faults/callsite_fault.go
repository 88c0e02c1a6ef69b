package faults

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// callsite is a Callsite with the state of one trial.
type callsite struct {
	Callsite
	outside
	chosen chooser
	site   CallSite // found by Arm
	way    way      // of Below

	mu      sync.Mutex // hits are concurrent with readers
	members []int      // of Cgroup
}

func (c *callsite) Seed(seed uint64) { c.chosen.seed(seed, c.name()) }

// Arm finds the call and sets the breakpoint.
func (c *callsite) Arm(ctx context.Context, t Target) error {
	err := c.look(ctx, t, c.Comm != "" || c.PID != 0 || c.Cgroup != "")
	if err != nil {
		return fmt.Errorf("callsite: %w", err)
	}
	if c.site, err = Site(ctx, t, c.Function, c.Callee, c.Call); err != nil {
		return fmt.Errorf("callsite: %w", err)
	}
	if c.way, err = findWay(ctx, t, c.Below); err != nil {
		return fmt.Errorf("callsite: %w", err)
	}
	if err := c.Again(ctx, t); err != nil {
		return err
	}
	return c.guest.BreakCall(ctx, c.site, c.text.end, c.hit)
}

// Period is how often the members of a control group are looked up.
func (c *callsite) Period() time.Duration {
	if c.Cgroup == "" {
		return 0
	}
	return time.Second
}

// Again looks them up: reading a task's group from memory would need debug tables
// that most kernels lack.
func (c *callsite) Again(ctx context.Context, t Target) error {
	if c.Cgroup == "" {
		return nil
	}
	text, err := t.ReadFile(ctx, c.Cgroup+"/cgroup.threads")
	if err != nil {
		return fmt.Errorf("callsite: %w", err)
	}
	var members []int
	for f := range strings.FieldsSeq(text) {
		n, err := strconv.Atoi(f)
		if err != nil {
			return fmt.Errorf("callsite: %s/cgroup.threads holds %.20q", c.Cgroup, f)
		}
		members = append(members, n)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members = members
	return nil
}

func (c *callsite) Prove(context.Context, Target) (Proof, error) {
	came, landed := c.chosen.counts()
	return Proof{Landed: landed, Counts: map[string]int64{c.counter("calls"): came, c.counter("failed"): landed}}, c.alive()
}

// Disarm lets vCPUs pass freely.
func (c *callsite) Disarm(ctx context.Context, _ Target) error {
	if c.guest == nil {
		return nil
	}
	return c.guest.Clear(ctx, c.site.Call)
}

func (c *callsite) counter(what string) string {
	callee := ""
	if c.Callee != "" {
		callee = "/" + c.Callee
	}
	return fmt.Sprintf("callsite/%s%s#%d/%s", c.Function, callee, c.Call, what)
}
