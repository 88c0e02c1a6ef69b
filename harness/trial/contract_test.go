package trial_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/faults"
	"loopfault/faults/faulttest"
	"loopfault/harness/control"
	"loopfault/harness/guest"
	"loopfault/harness/scenario"
	"loopfault/harness/trial"
	"loopfault/workloads/wire"
)

// twoCredentials makes the client send a LAYOUTRETURN of its own: one user's
// write gets the layout, another user is the last to close. The setgid bit keeps the file from being
// delegated (see workloads.Env): the data path's write would be put off for 5 s for that.
const twoCredentials = `
set -e
cd /mnt/nfs/load
f=two-$$; mkfifo /tmp/opened-$$ /tmp/closed-$$; chmod 666 /tmp/opened-$$ /tmp/closed-$$
touch $f; chmod 2666 $f
setpriv --reuid 1001 --regid 1001 --clear-groups sh -c "exec 3<>$f; echo data >&3; sync $f; read x </tmp/opened-$$; exec 3>&-; echo x >/tmp/closed-$$" &
setpriv --reuid 1002 --regid 1002 --clear-groups sh -c "exec 3<>$f; echo x >/tmp/opened-$$; read x </tmp/closed-$$; exec 3>&-"
wait
`

// listing makes the client read a directory that it does not know.
const listing = `d=/mnt/nfs/load/list-$$; mkdir $d; touch $d/a; echo 3 >/proc/sys/vm/drop_caches; ls $d || true`

// nthListing fails the first allocation under nfs_readdir of the shell itself, which
// expands a pattern.
const nthListing = `d=/mnt/nfs/load/nth-$$; mkdir $d; touch $d/a; echo 3 >/proc/sys/vm/drop_caches
echo 1 >/proc/self/fail-nth; echo $d/*; cat /proc/$$/fail-nth`

// requests asks the server a few things.
const requests = `for i in 1 2 3; do touch /mnt/nfs/load/request-$i; done`

// overLimit makes a process in the load's cgroup use more than it may keep: page
// cache, which can be reclaimed. Anonymous memory could not, without swap.
const overLimit = `echo $$ >/sys/fs/cgroup/loopfault/cgroup.procs; head -c 48M /dev/zero >/export/big; rm /export/big`

// swapping has a process hold more anonymous memory than its cgroup may keep.
const swapping = `echo $$ >/sys/fs/cgroup/loopfault/cgroup.procs; head -c 24M /dev/zero | tail -c 24M >/dev/null`

// dirtyALot has several dirty more than a few megabytes at once, and less than would
// hold a writer back by default. While a limit is set it goes on until the kernel counts
// one that had to wait: the kernel lowers the limit it acts upon in steps of a second,
// and until then a disk that is quick enough keeps everybody going.
const dirtyALot = `for round in $(seq 40); do
for i in 1 2 3 4; do head -c 12M /dev/zero >/export/dirty-$i & done; wait; rm /export/dirty-*
[ $(cat /proc/sys/vm/dirty_bytes) != 0 ] || break
if grep 'Hits: [1-9]' /sys/kernel/tracing/events/writeback/balance_dirty_pages/hist; then break; fi
done`

func TestFaultsKeepTheirContractOnARealGuest(t *testing.T) {
	agent := bootedGuest(t)
	slab := faults.Failslab{Function: "pnfs_send_layoutreturn", Probability: 100, Times: 1000}
	site := slab
	site.Call = 1
	for _, c := range []struct {
		name    string
		fault   faults.Fault
		provoke string
	}{
		{"failslab, one call site", site, twoCredentials},
		{"failslab, whole function", slab, twoCredentials},
		{"fail_page_alloc", faults.FailPageAlloc{Function: "nfs_readdir", Probability: 100, Times: 1000}, listing},
		{"fail_nth", faults.FailNth{Function: "nfs_readdir"}, nthListing},
		{"fail_sunrpc, client", faults.FailSunrpc{IgnoreServerDisconnect: true, IgnoreCacheWait: true, Probability: 100, Times: 2}, requests},
		{"fail_sunrpc, server", faults.FailSunrpc{IgnoreClientDisconnect: true, IgnoreCacheWait: true, Probability: 100, Times: 2}, requests},
		{"vm", &faults.VM{DirtyBytes: 256 << 10, DirtyBackgroundBytes: 128 << 10}, dirtyALot},
		{"memcg", faults.Memcg{Max: 24 << 20, High: 12 << 20}, overLimit},
	} {
		t.Run(c.name, func(t *testing.T) {
			faulttest.Contract(t, agent, c.fault, func(ctx context.Context) { script(ctx, t, agent, c.provoke) })
		})
	}
	t.Run("failslab lands at its call site and nowhere else", func(t *testing.T) { landsAtTheCallSite(t, agent) })
}

// Each outage keeps the contract of faults, and afterwards the mount works as
// before.
func TestOutagesKeepTheirContractOnARealGuest(t *testing.T) {
	s := spec(t, bench.stock)
	var err error
	s.Scenario, _, err = scenario.Find("server-restart")
	require.NoError(t, err)
	_, agent := bootSpec(t, s)
	m, err := agent.BringUp(t.Context(), s.Scenario.BringUp())
	require.NoError(t, err)
	require.Equal(t, "nfsdcld", m.Tracking)
	span := faults.Span{For: wire.Duration(bench.options.Timeouts.HungCheck)}
	for _, o := range []faults.Outage{
		faults.Freeze{Span: span}.Outage(),
		faults.Freeze{Span: span, Mount: true}.Outage(),
		faults.Restart{Span: span}.Outage(),
		faults.Restart{Span: span, Forget: true}.Outage(),
		faults.Failover{Span: span}.Outage(),
		faults.Silence{Span: span}.Outage(),
		faults.Upcall{Span: span, Daemon: wire.UpcallMountd}.Outage(),
		faults.Upcall{Span: span, Daemon: wire.UpcallTracker, Killed: true}.Outage(),
	} {
		t.Run(o.Describe(), func(t *testing.T) {
			faulttest.Contract(t, agent, o, func(ctx context.Context) { faulttest.Once(ctx, agent, o) })
			script(t.Context(), t, agent, "echo back >/mnt/nfs/load/after; sync /mnt/nfs/load/after; grep back /export/load/after")
		})
	}
}

// What a scenario says of memory and export is what the guest has.
func TestGuestHasSwapAndTheExportAsked(t *testing.T) {
	s := spec(t, bench.stock)
	s.Scenario.Guest.Swap = 64 << 20
	s.Scenario.Export.FS, s.Scenario.Export.Options = "btrfs", "async"
	s.Scenario.Export.Lease = wire.Duration(15 * time.Second)
	_, agent := bootSpec(t, s)
	signs, err := trial.Shown(t.Context(), agent, append(trial.Signed, "CONFIG_UNHEARD_OF"), s.Guest.Timeouts.Remote)
	require.NoError(t, err)
	for _, opt := range trial.Signed {
		assert.True(t, signs[opt], "the stock kernel has %s and shows it", opt)
	}
	assert.False(t, signs["CONFIG_UNHEARD_OF"])
	_, err = agent.BringUp(t.Context(), s.Scenario.BringUp())
	require.NoError(t, err)
	script(t.Context(), t, agent, `set -ex
grep -E '^/dev/vd. +partition' /proc/swaps
grep ' /export btrfs ' /proc/mounts
exportfs -v | grep '[(,]async,'
test "$(cat /proc/fs/nfsd/nfsv4leasetime)" = 15`)
	require.NoError(t, faults.Memcg{Max: 16 << 20}.Arm(t.Context(), agent))
	faulttest.Contract(t, agent, &faults.VM{Swappiness: 100}, func(ctx context.Context) { script(ctx, t, agent, swapping) })
}

// The kzalloc that the report is about is the first slab allocation of
// pnfs_send_layoutreturn, and a fault aimed at it hits nothing else: with
// certainty of failure, calls and hits are equal.
func landsAtTheCallSite(t *testing.T, agent *control.Client) {
	t.Helper()
	ctx := t.Context()
	syms, err := agent.Symbols(ctx, wire.SymbolQuery{Names: []string{"pnfs_send_layoutreturn"}})
	require.NoError(t, err)
	require.Len(t, syms, 1)
	sites, err := faults.Calls(ctx, agent, syms[0])
	require.NoError(t, err)
	i := slices.IndexFunc(sites, func(c faults.CallSite) bool { return c.Alloc })
	require.GreaterOrEqual(t, i, 0)
	assert.Equal(t, "kzalloc #1", sites[i].String())
	assert.Greater(t, sites[i].Return, syms[0].Start)
	assert.Less(t, sites[i].Return, syms[0].End)

	f := faults.Failslab{Function: "pnfs_send_layoutreturn", Call: 1, Probability: 100, Times: 1000}
	require.NoError(t, f.Arm(ctx, agent))
	for i := int64(1); i <= 5; i++ {
		script(ctx, t, agent, twoCredentials)
		p, err := f.Prove(ctx, agent)
		require.NoError(t, err)
		assert.Equal(t, i, p.Landed, "each run calls it once and each call fails")
	}
}

// script runs a shell script in the guest, which must succeed.
func script(ctx context.Context, t *testing.T, agent *control.Client, text string) {
	t.Helper()
	r, err := agent.Exec(ctx, wire.Exec{Argv: []string{"bash", "-c", text}, Timeout: wire.Duration(bench.options.Timeouts.Step)})
	require.NoError(t, err)
	require.Zero(t, r.ExitCode, r.Output)
}

// bootedGuest is a guest of the first scenario with the mount up, for as long
// as the test runs.
func bootedGuest(t *testing.T) *control.Client {
	t.Helper()
	s := spec(t, bench.stock)
	g, agent := bootSpec(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 3*s.Guest.Timeouts.Step)
	defer cancel()
	m, err := agent.BringUp(ctx, s.Scenario.BringUp())
	require.NoError(t, err, fmt.Sprint(g.Console().Tail(5)))
	require.Equal(t, "LAYOUT_FLEX_FILES", m.Layout)
	return agent
}

// bootSpec boots the guest of a trial and waits for its agent.
func bootSpec(t *testing.T, s trial.Spec) (*guest.Guest, *control.Client) {
	t.Helper()
	return bootMachine(t, trial.MachineOf(s.Scenario, s.Kernel, s.Image, s.Guest.Timeouts), s)
}

func bootMachine(t *testing.T, machine guest.Spec, s trial.Spec) (*guest.Guest, *control.Client) {
	t.Helper()
	s.Guest.ConsolePath = s.Dir + "/console.log"
	var g *guest.Guest
	var agent *control.Client
	err := control.UntilItWorks(func() (err error) {
		if g, err = guest.Start(t.Context(), machine, s.Guest); err != nil {
			return err
		}
		agent = talkTo(t, g)
		boot, cancel := context.WithTimeout(t.Context(), s.Guest.Timeouts.Boot)
		defer cancel()
		_, err = agent.Hello(boot)
		return err
	}, func(err error) { t.Log(err) })
	require.NoError(t, err)
	return g, agent
}

// talkTo connects to a guest, which is closed at the end of the test.
func talkTo(t *testing.T, g *guest.Guest) *control.Client {
	t.Helper()
	agent := control.New(g.Agent())
	t.Cleanup(func() {
		agent.Close()
		assert.NoError(t, g.Close(context.Background()))
	})
	go func() {
		for range control.Watch(g.Watch()) {
		}
	}()
	return agent
}

// Workers are frozen in the middle of requests, and all go on when they are thawed.
func TestFrozenWorkersGoOn(t *testing.T) {
	s := spec(t, bench.stock)
	var err error
	s.Scenario, _, err = scenario.Find("frozen-workers")
	require.NoError(t, err)
	_, agent := bootSpec(t, s)
	_, err = agent.BringUp(t.Context(), s.Scenario.BringUp())
	require.NoError(t, err)
	_, err = agent.Start(t.Context(), wire.Start{Workload: s.Scenario.Workloads[0]})
	require.NoError(t, err)
	require.NoError(t, agent.Release(t.Context(), wire.Release{Seed: 1}))
	o := faults.Freezer{Span: faults.Span{For: wire.Duration(bench.options.Timeouts.HungCheck)}}.Outage()
	faulttest.Contract(t, agent, o, func(ctx context.Context) { faulttest.Once(ctx, agent, o) })
	script(t.Context(), t, agent, `set -ex
cd /run/loopfault-freezer/workers
test "$(cat freezer.state)" = THAWED
test -z "$(cat cgroup.procs)"
for pid in $(pgrep -f '^/proc/self/exe worker'); do
switches() { grep -h ^voluntary /proc/$pid/task/*/status; }
before=$(switches); for i in $(seq 50); do [ "$(switches)" != "$before" ] && break; sleep 0.1; done
[ "$(switches)" != "$before" ]
done`)
}
