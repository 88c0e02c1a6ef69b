package faults

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"loopfault/workloads/wire"
)

// Memcg is memory pressure on the load by a memory cgroup (v2). It cannot
// fail the allocations that are not charged to the cgroup (most kzallocs): it
// makes reclaim and eviction happen.
type Memcg struct {
	Max     wire.Size     `json:"max" yaml:"max"`                             // memory.max
	High    wire.Size     `json:"high,omitempty" yaml:"high,omitempty"`       // memory.high, 0 for none
	Reclaim wire.Size     `json:"reclaim,omitempty" yaml:"reclaim,omitempty"` // written to memory.reclaim, 0 for never
	Every   wire.Duration `json:"every,omitempty" yaml:"every,omitempty"`     // how often Reclaim is written
}

// memcgEvents are the counters of memory.events and memory.stat that show real
// pressure.
var memcgEvents = []string{"high", "max", "oom", "oom_kill", "pgscan", "pgsteal"}

func (m Memcg) Describe() string {
	s := fmt.Sprintf("memcg: memory.max %s", m.Max)
	if m.High > 0 {
		s += fmt.Sprintf(", memory.high %s", m.High)
	}
	if m.Reclaim > 0 {
		s += fmt.Sprintf(", memory.reclaim %s every %s", m.Reclaim, m.Every)
	}
	return s
}

// Arm makes the load's cgroup with its limits; workers are started inside it.
func (m Memcg) Arm(ctx context.Context, t Target) error {
	const root = "/sys/fs/cgroup"
	controllers, err := t.ReadFile(ctx, root+"/cgroup.controllers")
	if err != nil || !hasWord(controllers, "memory") {
		return errors.Join(&Unsupported{Fault: "memcg", Lacks: "memory controller in cgroup v2", Config: []string{"CONFIG_MEMCG"}}, err)
	}
	if err := t.WriteFile(ctx, root+"/cgroup.subtree_control", "+memory"); err != nil {
		return fmt.Errorf("memcg: %w", err)
	}
	if err := t.Mkdir(ctx, wire.LoadCgroup); err != nil {
		return fmt.Errorf("memcg: %w", err)
	}
	return set(ctx, t, m.limits())
}

func (m Memcg) limits() []knob {
	ks := []knob{{wire.LoadCgroup + "/memory.max", strconv.FormatInt(int64(m.Max), 10)}}
	if m.High > 0 {
		ks = append(ks, knob{wire.LoadCgroup + "/memory.high", strconv.FormatInt(int64(m.High), 10)})
	}
	return ks
}

// Prove counts as landed each time the limits made the cgroup reclaim.
func (m Memcg) Prove(ctx context.Context, t Target) (Proof, error) {
	counts := map[string]int64{}
	for _, file := range []string{"memory.events", "memory.stat"} {
		text, err := t.ReadFile(ctx, filepath.Join(wire.LoadCgroup, file))
		if err != nil {
			return Proof{}, fmt.Errorf("memcg: %w", err)
		}
		pick(text, file, memcgEvents, counts)
	}
	// How close the load came to its limits, for tuning them; kernels before
	// 5.19 do not have it.
	if peak, err := readInt(ctx, t, filepath.Join(wire.LoadCgroup, "memory.peak")); err == nil {
		counts["memory.peak"] = peak
	}
	landed := counts["memory.events/high"] + counts["memory.events/max"]
	return Proof{Landed: landed, Counts: counts}, nil
}

// Period is the pause between two writes of memory.reclaim.
func (m Memcg) Period() time.Duration {
	if m.Reclaim == 0 {
		return 0
	}
	return m.Every.D()
}

// Again writes memory.reclaim once. EAGAIN means only that less was reclaimed
// than asked for.
func (m Memcg) Again(ctx context.Context, t Target) error {
	err := t.WriteFile(ctx, wire.LoadCgroup+"/memory.reclaim", strconv.FormatInt(int64(m.Reclaim), 10))
	if err != nil && !errors.Is(err, syscall.EAGAIN) {
		return fmt.Errorf("memcg: %w", err)
	}
	return nil
}

// Disarm lifts the limits; the cgroup stays, since tasks may be stuck in it.
func (m Memcg) Disarm(ctx context.Context, t Target) error {
	return set(ctx, t, []knob{
		{wire.LoadCgroup + "/memory.max", "max"},
		{wire.LoadCgroup + "/memory.high", "max"},
	})
}

// pick reads "name value" lines of a cgroup file, under the key "file/name".
func pick(text, file string, names []string, into map[string]int64) {
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue
		}
		for _, want := range names {
			if name == want {
				into[file+"/"+name], _ = strconv.ParseInt(value, 10, 64)
			}
		}
	}
}

func hasWord(text, word string) bool {
	for _, w := range strings.Fields(text) {
		if w == word {
			return true
		}
	}
	return false
}
