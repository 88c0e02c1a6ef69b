package faults_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/faults"
	"loopfault/faults/faulttest"
	"loopfault/workloads/wire"
)

func TestContract(t *testing.T) {
	slab := faults.Failslab{Function: "victim", Probability: 100, Times: 1000}
	oneCall := slab
	oneCall.Call = 2
	memcg := faults.Memcg{Max: 64 << 20, High: 48 << 20, Reclaim: 1 << 20, Every: wire.Duration(time.Second)}
	for name, f := range map[string]faults.Fault{
		"failslab": slab, "failslab one call": oneCall, "memcg": memcg,
		"vm":              &faults.VM{DirtyBytes: 8 << 20, DirtyBackgroundBytes: 4 << 20, Swappiness: 100},
		"fail_page_alloc": faults.FailPageAlloc{Function: "victim", Probability: 100, Times: 1000},
		"fail_nth":        faults.FailNth{Function: "victim"},
		"fail_sunrpc":     faults.FailSunrpc{IgnoreCacheWait: true, Probability: 1, Times: 10},
	} {
		t.Run(name, func(t *testing.T) {
			g := newFakeGuest()
			faulttest.Contract(t, g, f, func(context.Context) {
				for ret := uint64(victim); ret < victim+64; ret++ {
					g.ask(failslab, ret, name == "fail_nth")
					g.ask(pages, ret, name == "fail_nth")
				}
				g.call()
				g.use()
			})
		})
	}
}

func TestOutagesKeepTheContract(t *testing.T) {
	span := faults.Span{For: wire.Duration(time.Second), Every: wire.Duration(time.Minute)}
	for name, o := range map[string]faults.Outage{
		"freeze":           faults.Freeze{Span: span}.Outage(),
		"freeze, at rest":  faults.Freeze{Span: span, Mount: true}.Outage(),
		"freeze at umount": faults.Freeze{Span: faults.Span{For: span.For}, AtUmount: true}.Outage(),
		"restart":          faults.Restart{Span: span}.Outage(),
		"failover":         faults.Failover{Span: span}.Outage(),
		"restart, forget":  faults.Restart{Span: span, Forget: true}.Outage(),
		"silence":          faults.Silence{Span: span}.Outage(),
		"workers frozen":   faults.Freezer{Span: span}.Outage(),
		"mountd stopped":   faults.Upcall{Span: span, Daemon: "mountd"}.Outage(),
		"gssd stopped":     faults.Upcall{Span: span, Daemon: "gssd"}.Outage(),
		"nfsdcld killed":   faults.Upcall{Span: span, Daemon: "nfsdcld", Killed: true}.Outage(),
		"store stopped":    faults.StoreStop{Span: span}.Outage(),
		"session evicted":  faults.SessionEvict{Every: span.Every}.Outage(),
		"link cut":         faults.LinkCut{Span: span}.Outage(),
		"mds restarted":    faults.MDSRestart{Span: span}.Outage(),
		"mon restarted":    faults.MonRestart{Span: span}.Outage(),
		"blocklisted":      faults.ClientBlocklist{Every: span.Every}.Outage(),
	} {
		t.Run(name, func(t *testing.T) {
			g := newFakeGuest()
			faulttest.Contract(t, g, o, func(ctx context.Context) { faulttest.Once(ctx, g, o) })
			n := g.outages[o.Kind()]
			assert.Equal(t, n.Begun, n.Ended)
			assert.Contains(t, o.Describe(), "for "+o.For.String())
		})
	}
}

// What an outage began must not outlive it.
func TestDisarmEndsAnOutageUnderWay(t *testing.T) {
	g, ctx := newFakeGuest(), context.Background()
	o := faults.Freeze{}.Outage()
	require.NoError(t, o.Arm(ctx, g))
	_, err := o.Begin(ctx, g)
	require.NoError(t, err)
	require.NoError(t, o.Disarm(ctx, g))
	assert.False(t, g.down[o.Kind()])
	_, err = o.Begin(ctx, g)
	assert.ErrorContains(t, err, "begin the freeze: ")
}

func TestFailslabAimsAtOneCallSite(t *testing.T) {
	g := newFakeGuest()
	ctx := context.Background()
	f := faults.Failslab{Function: "victim", Call: 2, Probability: 100, Times: 5}
	require.NoError(t, f.Arm(ctx, g))
	// push, then three calls of five bytes each: the second allocator call
	// returns to the byte after the third.
	assert.Equal(t, "0xffffffff81001010\n", g.files[failslab+"require-start"])
	assert.Equal(t, "0xffffffff81001011\n", g.files[failslab+"require-end"])

	f.Call = 3
	assert.ErrorContains(t, f.Arm(ctx, g), "victim: this kernel has no call 3 of it to a slab allocator: it makes 2 itself")
}

func TestFailslabNamesWhatIsWrong(t *testing.T) {
	ctx := context.Background()
	f := faults.Failslab{Function: "victim", Probability: 100, Times: 5}
	var lacks *faults.Unsupported

	g := newFakeGuest()
	delete(g.files, failslab+"require-start")
	require.ErrorAs(t, f.Arm(ctx, g), &lacks)
	assert.Contains(t, lacks.Error(), "CONFIG_FAULT_INJECTION_STACKTRACE_FILTER")

	delete(g.files, failslab+"probability")
	require.ErrorAs(t, f.Arm(ctx, g), &lacks)
	assert.Contains(t, lacks.Error(), "CONFIG_FAILSLAB")

	g = newFakeGuest()
	f.Function = "nobody"
	assert.ErrorContains(t, f.Arm(ctx, g), "no function nobody")
	assert.Equal(t, "0\n", g.files[failslab+"probability"], "a fault that could not be aimed stays off")

	g = newFakeGuest()
	g.stuck["ignore-gfp-wait"] = true
	f.Function = "victim"
	assert.ErrorContains(t, f.Arm(ctx, g), "ignore-gfp-wait holds", "knobs are read back")
}

func TestFailNthKeepsRPCFromCounting(t *testing.T) {
	g, ctx := newFakeGuest(), context.Background()
	require.NoError(t, faults.FailSunrpc{Probability: 1, Times: 10}.Arm(ctx, g))
	require.NoError(t, faults.FailNth{Function: "victim"}.Arm(ctx, g))
	for _, k := range []string{"ignore-client-disconnect", "ignore-server-disconnect", "ignore-cache-wait"} {
		assert.Equal(t, "Y\n", g.files[sunrpc+k])
	}
	assert.Equal(t, "0\n", g.files[failslab+"probability"])

	for path := range g.files {
		if strings.HasPrefix(path, sunrpc) {
			delete(g.files, path)
		}
	}
	assert.NoError(t, faults.FailNth{Function: "victim"}.Arm(ctx, g), "a kernel without fail_sunrpc has nothing to ignore")
	var lacks *faults.Unsupported
	require.ErrorAs(t, faults.FailSunrpc{Probability: 1, Times: 1}.Arm(ctx, g), &lacks)
	assert.Contains(t, lacks.Error(), "CONFIG_FAIL_SUNRPC")
}

func TestVMPutsBackWhatItFound(t *testing.T) {
	g, ctx := newFakeGuest(), context.Background()
	v := &faults.VM{DirtyBytes: 8 << 20, Swappiness: 100}
	require.NoError(t, v.Arm(ctx, g))
	assert.Equal(t, "8388608\n", g.files["/proc/sys/vm/dirty_bytes"])
	g.use()
	p, err := v.Prove(ctx, g)
	require.NoError(t, err)
	assert.EqualValues(t, 7, p.Counts["vm/held_back"])
	assert.EqualValues(t, 3, p.Counts["vmstat/allocstall"], "over all zones, since Arm")
	assert.EqualValues(t, 4, p.Counts["vmstat/pswpout"])
	assert.EqualValues(t, 7+3+4, p.Landed)
	require.NoError(t, v.Disarm(ctx, g))
	assert.Equal(t, "20\n", g.files["/proc/sys/vm/dirty_ratio"])
	assert.Equal(t, "60\n", g.files["/proc/sys/vm/swappiness"])

	delete(g.files, heldBack+"/trigger")
	var lacks *faults.Unsupported
	require.ErrorAs(t, v.Arm(ctx, g), &lacks)
	assert.Contains(t, lacks.Error(), "CONFIG_HIST_TRIGGERS")
}

// Older builds have no event counters in vmstat: reclaim is then proved by its
// tracepoint, swapping cannot be.
func TestVMWithoutEventCounters(t *testing.T) {
	g, ctx := newFakeGuest(), context.Background()
	g.files["/proc/vmstat"] = "nr_dirtied 9\n"
	v := &faults.VM{DirtyBytes: 8 << 20}
	require.NoError(t, v.Arm(ctx, g))
	g.use()
	g.files["/proc/vmstat"] = "nr_dirtied 99\n"
	p, err := v.Prove(ctx, g)
	require.NoError(t, err)
	assert.EqualValues(t, 7+2, p.Landed)
	assert.NotContains(t, p.Counts, "vmstat/pswpout")

	var lacks *faults.Unsupported
	require.ErrorAs(t, (&faults.VM{Swappiness: 100}).Arm(ctx, g), &lacks)
	assert.Contains(t, lacks.Error(), "CONFIG_VM_EVENT_COUNTERS")
}

func TestMemcgNeedsItsController(t *testing.T) {
	g := newFakeGuest()
	g.files["/sys/fs/cgroup/cgroup.controllers"] = "cpu pids\n"
	var lacks *faults.Unsupported
	err := faults.Memcg{Max: 1 << 20}.Arm(context.Background(), g)
	require.True(t, errors.As(err, &lacks))
	assert.Contains(t, lacks.Error(), "CONFIG_MEMCG")
}
