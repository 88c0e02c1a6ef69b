package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strconv"
	"strings"

	"loopfault/workloads/wire"
)

// VM is pressure on the memory of the whole guest, by its sysctls. Zero leaves
// one as it is; with none set it only counts. It lands each time that a writer is
// held back for having made too much dirty, each time that somebody who needs memory
// has to reclaim it himself, and with each page that is swapped out.
type VM struct {
	DirtyBytes           wire.Size `json:"dirty_bytes,omitempty" yaml:"dirty_bytes,omitempty"`                       // sysctl vm.dirty_bytes
	DirtyBackgroundBytes wire.Size `json:"dirty_background_bytes,omitempty" yaml:"dirty_background_bytes,omitempty"` // sysctl vm.dirty_background_bytes
	MinFreeKbytes        int       `json:"min_free_kbytes,omitempty" yaml:"min_free_kbytes,omitempty"`               // sysctl vm.min_free_kbytes
	Swappiness           int       `json:"swappiness,omitempty" yaml:"swappiness,omitempty"`                         // sysctl vm.swappiness
	VfsCachePressure     int       `json:"vfs_cache_pressure,omitempty" yaml:"vfs_cache_pressure,omitempty"`         // sysctl vm.vfs_cache_pressure

	// The counters when Arm and Disarm ran: vmstat goes on counting.
	before, after map[string]int64
	were          []knob
}

const vmDir = "/proc/sys/vm"

// The counters that landing is read from. A kernel without VM_EVENT_COUNTERS has
// neither.
const (
	stalled    = "allocstall"
	swappedOut = "pswpout"
)

// vmCounters are the counters of vmstat that show the pressure's effect. Some
// exist per zone, as in allocstall_normal, and are added up.
var vmCounters = []string{
	stalled, "pgscan_direct", "pgscan_kswapd", "pgsteal_direct", "pgsteal_kswapd",
	"pswpin", swappedOut, "nr_dirtied", "nr_written", "oom_kill",
}

// vmEvents are the trace events that the kernel counts for us: in a histogram, since
// that does not depend on the trace buffer.
var vmEvents = []struct{ name, event, filter string }{
	{heldBack, "writeback/balance_dirty_pages", " if pause > 0"},
	{directReclaim, "vmscan/mm_vmscan_direct_reclaim_begin", ""},
}

const (
	heldBack      = "vm/held_back"
	directReclaim = "vm/direct_reclaim"
)

const histogram = "hist:keys=common_type"

func (v *VM) Describe() string {
	if len(v.knobs()) == 0 {
		return "vm: counted"
	}
	var s []string
	for _, k := range v.knobs() {
		s = append(s, filepath.Base(k.path)+" "+k.value)
	}
	return "vm: " + strings.Join(s, ", ")
}

func (v *VM) knobs() []knob {
	var ks []knob
	add := func(name string, value int64) {
		if value != 0 {
			ks = append(ks, knob{filepath.Join(vmDir, name), strconv.FormatInt(value, 10)})
		}
	}
	add("dirty_background_bytes", int64(v.DirtyBackgroundBytes)) // first: the other is never below it
	add("dirty_bytes", int64(v.DirtyBytes))
	add("min_free_kbytes", int64(v.MinFreeKbytes))
	add("swappiness", int64(v.Swappiness))
	add("vfs_cache_pressure", int64(v.VfsCachePressure))
	return ks
}

// Arm saves the old values, starts the kernel's counting, and sets the knobs.
func (v *VM) Arm(ctx context.Context, t Target) error {
	v.were, v.after = nil, nil
	for _, k := range v.knobs() {
		// A limit in bytes and its limit in percent turn each other off.
		path := strings.Replace(k.path, "_bytes", "_ratio", 1)
		was, err := t.ReadFile(ctx, path)
		if err != nil {
			return fmt.Errorf("vm: %w", err)
		}
		v.were = append(v.were, knob{path, strings.TrimSpace(was)})
	}
	for _, e := range vmEvents {
		// A trigger left from an earlier run would go on counting.
		_ = t.WriteFile(ctx, trigger(e.event), "!"+histogram+e.filter)
		if err := t.WriteFile(ctx, trigger(e.event), histogram+e.filter); err != nil {
			return errors.Join(&Unsupported{
				Fault: "vm", Lacks: "histogram of trace event " + e.event,
				Config: []string{"CONFIG_HIST_TRIGGERS"},
			}, err)
		}
	}
	var err error
	if v.before, err = vmstat(ctx, t); err != nil {
		return err
	}
	if _, ok := v.before[swappedOut]; !ok && v.Swappiness != 0 {
		return &Unsupported{
			Fault: "vm, swappiness", Lacks: "counter " + swappedOut + " of /proc/vmstat",
			Config: []string{"CONFIG_SWAP", "CONFIG_VM_EVENT_COUNTERS"},
		}
	}
	return set(ctx, t, v.knobs())
}

func trigger(event string) string {
	return filepath.Join(wire.Tracefs, "events", event, "trigger")
}

func (v *VM) Prove(ctx context.Context, t Target) (Proof, error) {
	counts := maps.Clone(v.after)
	if counts == nil {
		var err error
		if counts, err = vmstat(ctx, t); err != nil {
			return Proof{}, err
		}
	}
	p := Proof{Counts: map[string]int64{}}
	for name, n := range counts {
		counts[name] = n - v.before[name]
		p.Counts["vmstat/"+name] = counts[name]
	}
	for _, e := range vmEvents {
		text, err := t.ReadFile(ctx, filepath.Join(filepath.Dir(trigger(e.event)), "hist"))
		if err != nil {
			return Proof{}, fmt.Errorf("vm: %w", err)
		}
		p.Counts[e.name] = histogramHits(text)
	}
	reclaims, counted := counts[stalled]
	if !counted {
		reclaims = p.Counts[directReclaim]
	}
	p.Landed = p.Counts[heldBack] + reclaims + counts[swappedOut]
	return p, nil
}

// Disarm restores the old values; the counts stay.
func (v *VM) Disarm(ctx context.Context, t Target) error {
	var failed error
	if v.after == nil {
		v.after, failed = vmstat(ctx, t)
	}
	for _, e := range vmEvents {
		failed = errors.Join(failed, t.WriteFile(ctx, trigger(e.event), histogram+":pause"+e.filter))
	}
	return errors.Join(failed, set(ctx, t, v.were))
}

func vmstat(ctx context.Context, t Target) (map[string]int64, error) {
	text, err := t.ReadFile(ctx, "/proc/vmstat")
	if err != nil {
		return nil, fmt.Errorf("vm: %w", err)
	}
	counts := map[string]int64{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, want := range vmCounters {
			if name == want || want == "allocstall" && strings.HasPrefix(name, want+"_") {
				n, _ := strconv.ParseInt(value, 10, 64)
				counts[want] += n
			}
		}
	}
	return counts, nil
}

// histogramHits reads the total of a histogram.
func histogramHits(text string) int64 {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "Hits: "); ok {
			n, _ := strconv.ParseInt(value, 10, 64)
			return n
		}
	}
	return 0
}
