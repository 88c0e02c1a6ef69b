package fleet_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/bundle"
	"loopfault/harness/fleet"
	"loopfault/harness/merge/fakeshards"
	"loopfault/results/store"
)

// standIn makes the test's own program one that runs a shard without guests: it makes up the trials, one after the
// other, as a campaign leaves them. Everything else is what a fleet really does.
const standIn = "LOOPFAULT_TEST_STAND_IN"

func TestMain(m *testing.M) {
	if os.Getenv(standIn) != "" && len(os.Args) == 5 {
		os.Exit(shard(os.Args[3], os.Args[4]))
	}
	flag.Parse()
	os.Exit(m.Run())
}

// made is the campaign that tests run.
var made = fakeshards.Spec{Trials: 12, Of: 4, Seed: 5, Hosts: 1}

// campaign is that campaign as a bundle of it would say, and needs no kernel.
func campaign(t testing.TB, until string) fleet.Campaign {
	t.Helper()
	file := filepath.Join(t.TempDir(), "campaign.tar.zst")
	require.NoError(t, os.WriteFile(file, []byte("stands for a bundle"), 0o644))
	self, err := os.Executable()
	require.NoError(t, err)
	m := made.Manifest(1)
	c := bundle.Contents{Format: bundle.Format, Loopfault: "test", Name: m.Name, Terms: m.Terms}
	c.Shard, c.Until = store.Shard{}, until
	for _, a := range m.Arms {
		c.Arms = append(c.Arms, bundle.Arm{Name: a.Name, Kernel: a.Kernel, Control: a.Control})
	}
	return fleet.Campaign{Contents: c, File: file, Program: self, Needs: fleet.Needs{CPUs: 2, GuestMiB: 700}}
}

func order() fleet.Order { return fleet.Order{Engine: fleet.Local, Shards: made.Of, Slots: 2} }

// started makes a fleet and begins with it.
func started(t *testing.T, c fleet.Campaign, o fleet.Order, env ...string) (*fleet.Fleet, fleet.Engine) {
	t.Helper()
	t.Setenv(standIn, "1")
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	f, err := fleet.Make(filepath.Join(t.TempDir(), "it.fleet"), c, o)
	require.NoError(t, err)
	e, err := f.Engine()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, e.Close()) })
	require.NoError(t, f.Begin(t.Context(), e))
	return f, e
}

func numbers(s store.Stored) (list []string) {
	for _, trial := range s.Trials {
		list = append(list, fmt.Sprint(trial.N, " ", trial.Arm, " ", trial.Seed, " ", trial.Verdict.Kind))
	}
	return list
}

// All shards run, at most two at a time, and are merged into the campaign's run, once.
func TestLocalFleetRunsTheCampaign(t *testing.T) {
	f, e := started(t, campaign(t, ""), order())
	most := 0
	s, err := f.Follow(t.Context(), e, func(s fleet.Status) {
		most = max(most, s.Running)
		if s.Running > 0 && s.Trials > 0 {
			assert.NotNil(t, s.Left)
		}
	})
	require.NoError(t, err)
	assert.True(t, s.Complete())
	assert.LessOrEqual(t, most, 2)
	assert.Equal(t, made.Of, s.Done)
	assert.Equal(t, s.Planned, s.Trials)
	assert.NotZero(t, s.Found, "of stock one in three hangs")

	results := t.TempDir()
	dir, err := f.Collect(t.Context(), results, nil)
	require.NoError(t, err)
	again, err := f.Collect(t.Context(), results, nil)
	require.NoError(t, err)
	assert.Equal(t, dir, again)
	require.NoError(t, os.Remove(filepath.Join(f.Dir, "merged.json"))) // as if it had been killed before it said so
	again, err = f.Collect(t.Context(), results, nil)
	require.NoError(t, err)
	assert.Equal(t, dir, again)

	st, err := store.Find(results)
	require.NoError(t, err)
	merged, err := st.Load("latest")
	require.NoError(t, err)
	assert.Equal(t, s.Trials, len(merged.Trials))
	seen := map[string]bool{}
	for _, n := range numbers(merged) {
		assert.False(t, seen[n], n)
		seen[n] = true
	}
	s, err = f.Status(t.Context(), e)
	require.NoError(t, err)
	assert.Equal(t, dir, s.Run)
}

// A shard that is killed again and again comes to its end all the same, and loses nothing.
func TestKilledShardGoesOn(t *testing.T) {
	f, e := started(t, campaign(t, ""), order(), "DIES_ONCE=3")
	s, err := f.Follow(t.Context(), e, func(fleet.Status) {})
	require.NoError(t, err)
	assert.Equal(t, made.Of, s.Done, "%+v", s.Shards)
	text, err := os.ReadFile(filepath.Join(f.Dir, "logs", "0003.log"))
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(string(text), "begins"), string(text))
}

// A shard that cannot run says why, and does not hold up the others; begun again it goes on.
func TestShardThatFailsSaysWhy(t *testing.T) {
	f, e := started(t, campaign(t, ""), order(), "FAILS=2")
	s, err := f.Follow(t.Context(), e, func(fleet.Status) {})
	require.NoError(t, err)
	assert.Equal(t, 3, s.Done)
	assert.Equal(t, 1, s.Stopped)
	assert.Equal(t, fleet.Stopped, s.Shards[1].State)
	assert.Contains(t, s.Shards[1].Why, "exit code 69 on ")
	assert.Contains(t, s.Shards[1].Why, "no room")
	assert.False(t, s.Complete())
	var text strings.Builder
	require.NoError(t, s.Text(&text, 0))
	assert.Contains(t, text.String(), "3 done, 1 stopped")

	require.NoError(t, e.Close())
	t.Setenv("FAILS", "")
	e, err = f.Engine()
	require.NoError(t, err)
	defer e.Close()
	require.NoError(t, f.Begin(t.Context(), e))
	s, err = f.Follow(t.Context(), e, func(fleet.Status) {})
	require.NoError(t, err)
	assert.Equal(t, made.Of, s.Done)
}

// Another process cancels; nothing runs when that returns, and the same fleet goes on afterwards.
func TestCancelLeavesNothingRunning(t *testing.T) {
	f, e := started(t, campaign(t, ""), order(), "SLOW=1")
	followed := make(chan fleet.Status, 1)
	running := make(chan struct{}, 100)
	go func() {
		s, _ := f.Follow(t.Context(), e, func(s fleet.Status) {
			if s.Running == 2 {
				running <- struct{}{}
			}
		})
		followed <- s
	}()
	<-running
	other, err := f.Engine()
	require.NoError(t, err)
	s, err := f.Cancel(t.Context(), other, func(fleet.Status) {})
	require.NoError(t, err)
	assert.True(t, s.Canceled)
	assert.Zero(t, s.Running+s.Queued+s.Done)
	assert.Equal(t, made.Of, s.Stopped)
	<-followed
	assert.Empty(t, programs(t, f.Dir), "processes of the fleet")

	code, err := f.RunShard(t.Context(), 1, func(string) (int, error) { panic("a shard begins after the end") })
	require.NoError(t, err)
	assert.Zero(t, code)

	t.Setenv("SLOW", "")
	require.NoError(t, e.Close())
	e, err = f.Engine()
	require.NoError(t, err)
	defer e.Close()
	require.NoError(t, f.Begin(t.Context(), e))
	s, err = f.Follow(t.Context(), e, func(fleet.Status) {})
	require.NoError(t, err)
	assert.Equal(t, made.Of, s.Done)
	assert.False(t, s.Canceled)
}

// What the campaign is to run until stops the shards that have not come to it.
func TestReachedStopsTheOthers(t *testing.T) {
	f, e := started(t, campaign(t, store.UntilHang), fleet.Order{Engine: fleet.Local, Shards: made.Of, Slots: made.Of}, "SLOW=2")
	s, err := f.Follow(t.Context(), e, func(fleet.Status) {})
	require.NoError(t, err)
	assert.Equal(t, store.UntilHang, s.Reached)
	assert.True(t, s.Complete())
	assert.Less(t, s.Trials, s.Planned)
	assert.NotZero(t, s.Found)
	dir, err := f.Collect(t.Context(), t.TempDir(), nil)
	require.NoError(t, err)
	assert.DirExists(t, dir)
}

// The process that starts shards is killed: the shards end with it, and the fleet goes on in another.
func TestDriverThatIsKilledTakesItsShardsAlong(t *testing.T) {
	f, e := started(t, campaign(t, ""), fleet.Order{Engine: fleet.Local, Shards: made.Of, Slots: 1})
	require.NoError(t, e.Close())
	self, err := os.Executable()
	require.NoError(t, err)
	driver := exec.Command(self, "-test.run=TestBeDriver")
	driver.Env = append(os.Environ(), "DRIVE="+f.Dir, "SLOW=1")
	require.NoError(t, driver.Start())
	require.Eventually(t, func() bool { return len(programs(t, f.Dir)) > 0 }, 20*time.Second, 20*time.Millisecond)
	second, err := f.Engine()
	require.NoError(t, err)
	require.ErrorContains(t, second.Submit(t.Context(), []int{1}), "another process runs the shards")
	require.NoError(t, driver.Process.Kill())
	_ = driver.Wait()
	assert.Eventually(t, func() bool { return len(programs(t, f.Dir)) == 0 }, 20*time.Second, 20*time.Millisecond)
	s, err := f.Status(t.Context(), second)
	require.NoError(t, err)
	assert.True(t, s.Over())
	require.NoError(t, f.Begin(t.Context(), second))
	s, err = f.Follow(t.Context(), second, func(fleet.Status) {})
	require.NoError(t, err)
	assert.Equal(t, made.Of, s.Done)
	require.NoError(t, second.Close())
}

// TestBeDriver is the process that the test above kills.
func TestBeDriver(t *testing.T) {
	dir := os.Getenv("DRIVE")
	if dir == "" {
		t.Skip("a part of another test")
	}
	f, err := fleet.Open(dir)
	require.NoError(t, err)
	e, err := f.Engine()
	require.NoError(t, err)
	require.NoError(t, f.Begin(context.Background(), e))
	_, _ = f.Follow(context.Background(), e, func(fleet.Status) {})
}

// programs are the processes of a fleet's program.
func programs(t *testing.T, dir string) (pids []string) {
	t.Helper()
	found, err := filepath.Glob("/proc/[0-9]*/exe")
	require.NoError(t, err)
	for _, exe := range found {
		if to, err := os.Readlink(exe); err == nil && to == filepath.Join(dir, "loopfault") {
			pids = append(pids, exe)
		}
	}
	return pids
}

// In the background the fleet goes on without the process that submitted it, once.
func TestDetachedFleetRunsByItself(t *testing.T) {
	t.Setenv(standIn, "1")
	f, err := fleet.Make(filepath.Join(t.TempDir(), "it.fleet"), campaign(t, ""), order())
	require.NoError(t, err)
	t.Setenv("DRIVE", f.Dir)
	t.Setenv("SLOW", "5")
	require.NoError(t, f.Detach(t.Context(), []string{"-test.run=TestBeDriver"}))
	require.ErrorContains(t, f.Detach(t.Context(), nil), "another process runs the shards")
	require.NoError(t, os.WriteFile(filepath.Join(f.Dir, seenFile), nil, 0o644))
	e, err := f.Engine()
	require.NoError(t, err)
	s, err := f.Follow(t.Context(), e, func(fleet.Status) {})
	require.NoError(t, err)
	assert.Equal(t, made.Of, s.Done, "%+v", s.Shards)
	assert.Eventually(t, func() bool { return len(programs(t, f.Dir)) == 0 }, 20*time.Second, 20*time.Millisecond)
	text, err := os.ReadFile(filepath.Join(f.Dir, fleet.LogFile))
	require.NoError(t, err)
	assert.Contains(t, string(text), "PASS", "what it prints")

	other, err := fleet.Make(filepath.Join(t.TempDir(), "other.fleet"), campaign(t, ""), order())
	require.NoError(t, err)
	t.Setenv("FAILS", "2")
	require.ErrorContains(t, other.Detach(t.Context(), []string{"fleet", "shard", other.Dir, "2"}), "the process in the background did not begin")
}
