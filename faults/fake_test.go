package faults_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"loopfault/workloads/wire"
)

// fakeGuest is a kernel small enough to hold in the head: files with values,
// symbols, one function's code.
type fakeGuest struct {
	files   map[string]string
	symbols []wire.Symbol
	text    map[uint64][]byte
	stuck   map[string]bool // knobs that swallow writes
	armed   map[string]bool // kinds of outages
	down    map[string]bool // those under way
	outages map[string]wire.OutageCounts
}

const (
	failslab = wire.Debugfs + "/failslab/"
	pages    = wire.Debugfs + "/fail_page_alloc/"
	sunrpc   = wire.Debugfs + "/fail_sunrpc/"
	heldBack = wire.Tracefs + "/events/writeback/balance_dirty_pages"
	reclaims = wire.Tracefs + "/events/vmscan/mm_vmscan_direct_reclaim_begin"
	victim   = 0xffffffff81001000
	kmalloc  = 0xffffffff81002000
)

// newFakeGuest has failslab, a memory cgroup, and a function of three calls:
// to another function, and twice to the allocator.
func newFakeGuest() *fakeGuest {
	g := &fakeGuest{
		files: map[string]string{"/sys/fs/cgroup/cgroup.controllers": "cpu memory pids\n", "/sys/fs/cgroup/cgroup.subtree_control": "\n"},
		symbols: []wire.Symbol{
			{Name: "victim", Start: victim, End: victim + 64},
			{Name: "other", Start: victim + 64, End: kmalloc},
			{Name: "__kmalloc_cache_noprof", Start: kmalloc, End: kmalloc + 16},
		},
		stuck: map[string]bool{}, armed: map[string]bool{}, down: map[string]bool{},
		outages: map[string]wire.OutageCounts{},
	}
	for dir, own := range map[string][]string{
		failslab: {"ignore-gfp-wait", "cache-filter"},
		pages:    {"ignore-gfp-wait", "ignore-gfp-highmem", "min-order"},
		sunrpc:   {"ignore-client-disconnect", "ignore-server-disconnect", "ignore-cache-wait"},
	} {
		for _, k := range append([]string{"probability", "interval", "times", "space", "verbose", "task-filter",
			"stacktrace-depth", "require-start", "require-end"}, own...) {
			g.files[dir+k] = "0\n"
		}
	}
	for name, value := range map[string]string{"dirty_bytes": "0", "dirty_ratio": "20", "dirty_background_bytes": "0", "dirty_background_ratio": "10", "swappiness": "60"} {
		g.files["/proc/sys/vm/"+name] = value + "\n"
	}
	g.files["/proc/vmstat"] = "nr_dirtied 9\nallocstall_normal 1\nallocstall_movable 1\npswpout 5\n"
	for _, event := range []string{heldBack, reclaims} {
		g.files[event+"/trigger"], g.files[event+"/hist"] = "", ""
	}
	code := []byte{0x55} // push
	for _, to := range []uint64{victim + 64, kmalloc, kmalloc} {
		code = append(code, 0xe8)
		rel := int64(to) - int64(victim+uint64(len(code))+4)
		code = binary.LittleEndian.AppendUint32(code, uint32(rel))
	}
	g.text = map[uint64][]byte{victim: append(code, make([]byte, 64-len(code))...)}
	return g
}

func (g *fakeGuest) ReadFile(_ context.Context, p string) (string, error) {
	v, ok := g.files[p]
	if !ok {
		return "", fmt.Errorf("open %s: %w", p, fs.ErrNotExist)
	}
	return v, nil
}

func (g *fakeGuest) WriteFile(_ context.Context, p, data string) error {
	if _, ok := g.files[p]; !ok {
		return fmt.Errorf("open %s: %w", p, fs.ErrNotExist)
	}
	switch {
	case g.stuck[path.Base(p)]:
	case strings.HasPrefix(path.Base(p), "require-"):
		n, err := strconv.ParseUint(data, 0, 64)
		if err != nil {
			return err
		}
		g.files[p] = fmt.Sprintf("0x%016x\n", n)
	default:
		g.files[p] = data + "\n"
	}
	return nil
}

func (g *fakeGuest) Mkdir(_ context.Context, p string) error {
	for _, f := range []string{"memory.max", "memory.high", "memory.reclaim"} {
		g.files[p+"/"+f] = "max\n"
	}
	g.files[p+"/memory.events"] = "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n"
	g.files[p+"/memory.stat"] = "anon 1\npgscan 0\npgsteal 0\n"
	return nil
}

func (g *fakeGuest) Symbols(_ context.Context, q wire.SymbolQuery) ([]wire.Symbol, error) {
	var found []wire.Symbol
	for _, s := range g.symbols {
		for _, n := range q.Names {
			if s.Name == n {
				found = append(found, s)
			}
		}
	}
	for _, a := range q.Addresses {
		for _, s := range g.symbols {
			if s.Start <= a && a < s.End {
				found = append(found, s)
			}
		}
	}
	return found, nil
}

func (g *fakeGuest) Text(_ context.Context, start, end uint64) ([]byte, error) {
	return g.text[start][:end-start], nil
}

// Outage does as the agent does: nothing begins that is not armed, nothing ends
// that did not begin.
func (g *fakeGuest) Outage(_ context.Context, o wire.Outage) (wire.OutageCounts, error) {
	n := g.outages[o.Kind]
	switch o.Step {
	case wire.OutageArm:
		g.armed[o.Kind] = true
		n = wire.OutageCounts{}
	case wire.OutageBegin:
		if !g.armed[o.Kind] || g.down[o.Kind] {
			return n, fmt.Errorf("%s: not armed, or under way", o.Kind)
		}
		g.down[o.Kind] = true
		n.Begun++
	case wire.OutageEnd, wire.OutageDisarm:
		if g.down[o.Kind] {
			n.Ended++
		}
		g.down[o.Kind] = false
		g.armed[o.Kind] = g.armed[o.Kind] && o.Step == wire.OutageEnd
	}
	g.outages[o.Kind] = n
	return n, nil
}

// ask is what the kernel does when it asks a fault attribute whether to fail, with
// the given return address on the stack, for a task that has fail-nth set or not.
func (g *fakeGuest) ask(dir string, ret uint64, nth bool) {
	num := func(k string) uint64 {
		n, _ := strconv.ParseUint(strings.TrimSpace(g.files[dir+k]), 0, 64)
		return n
	}
	aimed := dir == sunrpc || num("stacktrace-depth") > 0 && ret >= num("require-start") && ret < num("require-end")
	if !aimed || !nth && num("probability") == 0 || num("times") == 0 {
		return
	}
	g.files[dir+"times"] = fmt.Sprintf("%d\n", num("times")-1)
}

// call sends a request.
func (g *fakeGuest) call() {
	for _, k := range []string{"ignore-client-disconnect", "ignore-server-disconnect", "ignore-cache-wait"} {
		if strings.TrimSpace(g.files[sunrpc+k]) == "N" {
			g.ask(sunrpc, 0, false)
		}
	}
}

// use charges the load's cgroup beyond its limit, and dirties memory.
func (g *fakeGuest) use() {
	if g.files["/proc/sys/vm/dirty_bytes"] != "0\n" && !strings.Contains(g.files[heldBack+"/trigger"], ":pause") {
		g.files[heldBack+"/hist"] = "Totals:\n    Hits: 7\n    Entries: 1\n"
		g.files[reclaims+"/hist"] = "Totals:\n    Hits: 2\n    Entries: 1\n"
		g.files["/proc/vmstat"] = "nr_dirtied 99\nallocstall_normal 3\nallocstall_movable 2\npswpout 9\n"
	}
	if strings.TrimSpace(g.files[wire.LoadCgroup+"/memory.max"]) == "max" {
		return
	}
	g.files[wire.LoadCgroup+"/memory.events"] = "low 0\nhigh 2\nmax 3\noom 0\noom_kill 0\n"
}
