//go:build controls

package controls_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/faults"
	"loopfault/faults/faulttest"
	channel "loopfault/harness/control"
	"loopfault/harness/guest"
	"loopfault/harness/guest/guesttest"
	"loopfault/harness/scenario"
	"loopfault/harness/trial"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/image"
	"loopfault/vmimages/kernel"
	"loopfault/workloads/wire"
)

// works has the first client write a file that the second one reads. Of what a client lost
// with its session it may hear only now.
const works = `f=after-$RANDOM
while [ $SECONDS -lt 60 ]; do
	echo back >/mnt/ceph/load/$f && sync /mnt/ceph/load/$f && grep back /mnt/ceph-behind/load/$f && exit 0
	sleep 1
done
exit 1`

// Each outage of a Ceph cluster keeps the contract of faults and has the effect that it should,
// and afterwards the clients work as before.
func TestCephOutagesKeepTheirContract(t *testing.T) {
	s, _, err := scenario.Find("ceph-mixed")
	require.NoError(t, err)
	blocklist := false
	s.Ceph = &wire.Ceph{
		Options: "wsync,recover_session=clean", Blocklist: &blocklist,
		SessionTimeout: wire.Duration(45 * time.Second),
	}
	g := cephGuest(t, s)
	g.script("grep -w 'session_timeout 45' /sys/kernel/debug/ceph/*/mdsmap")
	g.script("mkdir -p $(dirname " + wire.EvictionsFile + ")") // a trial's workloads make it
	span := faults.Span{For: wire.Duration(2 * time.Second), Every: wire.Duration(time.Minute)}
	for _, c := range []struct {
		outage faults.Outage
		effect string // a script that succeeds while the outage lasts
	}{
		{faults.SessionEvict{Every: span.Every}.Outage(), "test -s " + wire.EvictionsFile},
		{faults.ClientBlocklist{Every: span.Every}.Outage(), "true"}, // the agent has asked the object store
		{faults.StoreStop{Span: span}.Outage(), "grep -w 'State:.T' /proc/$(pidof ceph-osd)/status"},
		{faults.LinkCut{Span: span}.Outage(), "! timeout 2 mkdir /mnt/ceph/load/cut && mkdir /mnt/ceph-behind/load/not-cut-$RANDOM"},
		{faults.MDSRestart{Span: span}.Outage(), "! pidof ceph-mds"},
		{faults.MonRestart{Span: span}.Outage(), "! pidof ceph-mon"},
	} {
		t.Run(c.outage.Kind(), func(t *testing.T) {
			began, begun := time.Now(), false
			faulttest.Contract(t, g.agent, c.outage, func(ctx context.Context) {
				_, err := c.outage.Begin(ctx, g.agent)
				if begun {
					return // it is not armed any more
				}
				begun = true
				require.NoError(t, err)
				g.script(c.effect)
				_, err = c.outage.End(ctx, g.agent)
				assert.NoError(t, err)
				began = time.Now()
			})
			g.script(works)
			t.Logf("%s: the clients work %.1f s after its end", c.outage.Kind(), time.Since(began).Seconds())
		})
	}
}

// BlueStore is made anew in the guest, and fits it.
func TestAClusterOnADisk(t *testing.T) {
	s, _, err := scenario.Find("ceph-mixed")
	require.NoError(t, err)
	s.Ceph = &wire.Ceph{Store: wire.StoreBlue}
	began := time.Now()
	g := cephGuest(t, s)
	t.Logf("a cluster with BlueStore was up after %.1f s", time.Since(began).Seconds())
	g.script("grep bluestore /var/lib/ceph/osd/0/type")
	g.script(works)
	t.Log(g.script("head -c 64M /dev/urandom >/mnt/ceph/load/big && sync /mnt/ceph/load/big && cmp /mnt/ceph/load/big /mnt/ceph-behind/load/big; grep -E 'MemTotal|MemAvailable' /proc/meminfo; grep VmRSS /proc/$(pidof ceph-osd)/status"))
}

// clusterGuest is a guest with a Ceph cluster, up to the end of the test.
type clusterGuest struct {
	t     *testing.T
	agent *channel.Client
	step  time.Duration
}

func cephGuest(t *testing.T, s scenario.Scenario) clusterGuest {
	t.Helper()
	if !*ceph {
		t.Skip("is about guests with a Ceph cluster: make test-ceph")
	}
	ctx := t.Context()
	built, err := guesttest.Build(ctx, "stock@"+*series+"+ceph")
	require.NoError(t, err)
	c, err := cache.Open("")
	require.NoError(t, err)
	builder := image.Builder{Cache: c}
	root, err := builder.Ensure(ctx, image.CephSpec(), filepath.Join(bin, "loopfault-agent"))
	require.NoError(t, err)
	choice, err := guesttest.Accel(ctx, built.BzImage)
	require.NoError(t, err)
	return bootCluster(t, s, built, root, guest.Options{
		Accel: choice.Accel, Timeouts: choice.Timeouts(1), ConsolePath: filepath.Join(t.TempDir(), "console.log"),
	})
}

func bootCluster(t *testing.T, s scenario.Scenario, k kernel.Build, root image.Image, o guest.Options) clusterGuest {
	t.Helper()
	g, err := guest.Start(t.Context(), trial.MachineOf(s, k, root, o.Timeouts), o)
	require.NoError(t, err)
	agent := channel.New(g.Agent())
	t.Cleanup(func() {
		agent.Close()
		assert.NoError(t, g.Close(context.Background()))
	})
	go func() {
		for range channel.Watch(g.Watch()) {
		}
	}()
	within := func(d time.Duration, do func(ctx context.Context) error) {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		require.NoError(t, do(ctx), fmt.Sprint(g.Console().Tail(10)))
	}
	within(o.Timeouts.Boot, func(ctx context.Context) error {
		_, err := agent.Hello(ctx)
		return err
	})
	within(o.Timeouts.Cluster, func(ctx context.Context) error {
		up := s.BringUp()
		up.Link = true
		_, err := agent.BringUp(ctx, up)
		return err
	})
	return clusterGuest{t, agent, o.Timeouts.Step}
}

// script runs a shell script in the guest, which must succeed, and returns what it says.
func (g clusterGuest) script(text string) string {
	g.t.Helper()
	r, err := g.agent.Exec(context.Background(), wire.Exec{Argv: []string{"bash", "-c", text}, Timeout: wire.Duration(g.step)})
	require.NoError(g.t, err)
	require.Zero(g.t, r.ExitCode, r.Output)
	return r.Output
}
