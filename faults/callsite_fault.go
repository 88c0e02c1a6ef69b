package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"
)

// callsite is a Callsite on its way through a trial.
type callsite struct {
	Callsite
	rand *rand.Rand
	// What Arm found.
	guest Debugged
	site  CallSite
	tasks taskFinder
	text  textRange

	mu      sync.Mutex // guards what follows: hits come while others ask
	members []int      // of Cgroup
	came    int64      // how often a task came to the call that is not spared
	landed  int64
}

// Seed makes what is drawn follow from a number.
func (c *callsite) Seed(seed uint64) { c.rand = rand.New(rand.NewPCG(seed, uint64(len(c.Function)))) }

// Arm finds the call and waits for processors to come to it.
func (c *callsite) Arm(ctx context.Context, t Target) error {
	guest, ok := t.(Debugged)
	if !ok {
		return errors.New("callsite: this guest was started without a debugger")
	}
	var err error
	if c.site, err = site(ctx, t, c.Function, c.Callee, c.Call); err != nil {
		return fmt.Errorf("callsite: %w", err)
	}
	// Without tasks or text hits are told of with less beside them.
	c.tasks, err = findTasks(ctx, t)
	if err != nil && (c.Comm != "" || c.PID != 0 || c.Cgroup != "") {
		return fmt.Errorf("callsite: %w", err)
	}
	c.text, _ = findText(ctx, t)
	if c.rand == nil {
		c.Seed(0)
	}
	c.guest = guest
	if err := c.Again(ctx, t); err != nil {
		return err
	}
	return guest.Break(ctx, c.site.Call, c.hit)
}

// Period is how often the members of a control group are looked up.
func (c *callsite) Period() time.Duration {
	if c.Cgroup == "" {
		return 0
	}
	return time.Second
}

// Again looks them up: where a task keeps its group, only tables that most kernels
// lack would say.
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
	c.mu.Lock()
	p := Proof{Landed: c.landed, Counts: map[string]int64{
		c.counter("calls"): c.came, c.counter("failed"): c.landed,
	}}
	c.mu.Unlock()
	if c.guest == nil {
		return p, errors.New("callsite: was never armed")
	}
	return p, c.guest.Alive()
}

// Disarm has processors pass freely.
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
