package trial_test

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/control"
	"loopfault/harness/guest"
	"loopfault/harness/guest/guesttest"
	"loopfault/harness/scenario"
	"loopfault/harness/trial"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/workloads/wire"
)

func TestTrialsFromOneSnapshot(t *testing.T) {
	for seed := range uint64(2) {
		w, got, _ := unstalled(t, func() trial.Spec {
			w := warmSpec(t)
			w.Planned.Seed = seed
			return w
		})
		assert.Equal(t, verdict.Clean, got.Verdict.Kind, "%+v", got.Verdict)
		assert.True(t, got.Warm)
		assert.Positive(t, got.Exercised)
		assert.Positive(t, got.Landed)
		assert.NotEmpty(t, got.Paths, "calls are counted by path, as in a guest that was booted for its trial")
		assert.FileExists(t, w.Dir+"/evidence/calls.txt")
		assert.Equal(t, "LAYOUT_FLEX_FILES", got.Layout)
		assert.Greater(t, got.WorkSeconds, w.Scenario.Run.D().Seconds()-1, "exposure is the time under load, settling included")
		assert.Less(t, got.WorkSeconds, got.Seconds)
		assert.Positive(t, got.FirstOpSeconds)
		console, err := os.ReadFile(w.Dir + "/console.log")
		require.NoError(t, err)
		assert.Contains(t, string(console), "Linux version", "the console begins with the boot")
	}
	assert.Empty(t, qemus(t))
}

// A hung guest is thrown away: the next trial finds the kernel as it was.
func TestTrialAfterAHungOneIsFresh(t *testing.T) {
	s := spec(t, bench.stock)
	k, err := guesttest.Build(t.Context(), "control-lost-wakeup")
	require.NoError(t, err)
	s.Kernel = k
	s.Scenario, _, err = scenario.Find("pnfs-layoutreturn-evict:quick") // here this control hangs in each trial, and soon
	require.NoError(t, err)
	s.Vmcore = true
	p, err := trial.Prepare(t.Context(), s, quiet)
	require.NoError(t, err)
	defer p.Close()
	hung := false
	for seed := uint64(1); seed <= 4 && !hung; seed++ {
		w := s
		w.Dir, w.Warm, w.Planned.Seed = trialDir(t), p, seed
		got, _, err := trial.Run(t.Context(), w, quiet)
		require.NoError(t, err)
		if hung = got.Verdict.Kind == verdict.Hang; hung {
			checkDump(t, w, got)
		} else {
			assert.Nil(t, got.Dump)
		}
		assert.Less(t, got.WorkSeconds, got.Seconds)
	}
	require.True(t, hung, "the control hung in none of four trials")
	w := s
	w.Dir, w.Warm, w.Scenario.Run = trialDir(t), p, wire.Duration(3*time.Second) // one is not enough on a busy host
	w.Scenario.Faults = nil
	got, reports, err := trial.Run(t.Context(), w, quiet)
	require.NoError(t, err)
	assert.Equal(t, verdict.Clean, got.Verdict.Kind, "%+v", got.Verdict)
	assert.Empty(t, reports)
}

// checkDump looks for a whole dump of this kernel's memory, and nothing half done.
func checkDump(t *testing.T, s trial.Spec, got store.Trial) {
	t.Helper()
	require.NotNil(t, got.Dump)
	assert.Empty(t, got.Dump.Missing)
	t.Logf("dump: %+v", *got.Dump)
	file, err := os.Open(s.Dir + "/evidence/vmcore")
	require.NoError(t, err)
	defer file.Close()
	info, err := file.Stat()
	require.NoError(t, err)
	assert.Equal(t, info.Size(), got.Dump.Bytes)
	assert.Less(t, info.Size(), guest.DumpLimit(s.Scenario.Guest.Memory.MiB()))
	symbols, err := guest.Vmcoreinfo(file)
	require.NoError(t, err)
	assert.Contains(t, symbols, "OSRELEASE="+got.Kernel+"\n")
	howTo, err := os.ReadFile(s.Dir + "/evidence/vmcore.txt")
	require.NoError(t, err)
	assert.Contains(t, string(howTo), "drgn -c vmcore -s "+s.Kernel.Vmlinux)
	assert.NoFileExists(t, s.Dir+"/evidence/vmcore.partial")
}

// warmGuest is a guest whose one worker waits for its seed, frozen, and its
// mount as it was then.
func warmGuest(t *testing.T) (*guest.Snapshot, wire.Mounted) {
	t.Helper()
	s := spec(t, bench.stock)
	s.Scenario.Export.Lease = lease
	s.Guest.Freezable = true
	g, agent := bootSpec(t, s)
	m, err := agent.BringUp(t.Context(), s.Scenario.BringUp())
	require.NoError(t, err)
	require.Equal(t, "LAYOUT_FLEX_FILES", m.Layout)
	_, err = agent.Start(t.Context(), wire.Start{Workload: wire.Workload{
		SharedFile: &wire.SharedFile{Processes: 1, Files: 500, Sharers: 1, UIDs: []int{1001}, MaxWrite: 4096},
	}})
	require.NoError(t, err)
	require.NoError(t, agent.WriteFile(t.Context(), wire.Tracefs+"/events/nfs4/nfs4_open_file/enable", "1"))
	now, err := agent.Mounted(t.Context())
	require.NoError(t, err)
	snapshot, err := g.Freeze(t.Context())
	require.NoError(t, err)
	t.Cleanup(snapshot.Close)
	return snapshot, now
}

type woken struct {
	*control.Client
	t      *testing.T
	guest  *guest.Guest
	uptime float64
	random string // drawn at once
}

func wakeGuest(t *testing.T, s *guest.Snapshot) woken {
	t.Helper()
	g, err := s.Start(t.Context(), bench.options)
	require.NoError(t, err)
	w := woken{t: t, guest: g, Client: talkTo(t, g)}
	answer, err := w.Wake(t.Context(), wire.Wake{Now: time.Now(), Entropy: make([]byte, 32)})
	require.NoError(t, err)
	w.uptime = answer.Uptime
	w.random = w.run("head -c 16 /dev/urandom | od -An -tx1")
	return w
}

func (w woken) run(script string) string {
	w.t.Helper()
	r, err := w.Exec(w.t.Context(), wire.Exec{Argv: []string{"sh", "-c", script}, Timeout: wire.Duration(bench.options.Timeouts.Step)})
	require.NoError(w.t, err)
	require.Zero(w.t, r.ExitCode, r.Output)
	return strings.TrimSpace(r.Output)
}

var opened = regexp.MustCompile(`name=\S*(shared-\d+)`)

// firstFiles lets the worker begin and gives the first files that it opens.
func (w woken) firstFiles(seed uint64) []string {
	w.t.Helper()
	require.NoError(w.t, w.Release(w.t.Context(), wire.Release{Seed: seed}))
	const want = 12
	for range 100 {
		text, err := w.ReadFile(w.t.Context(), wire.Tracefs+"/trace")
		require.NoError(w.t, err)
		var files []string
		for _, m := range opened.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(files, m[1]) {
				files = append(files, m[1])
			}
		}
		if len(files) >= want {
			return files[:want]
		}
		time.Sleep(50 * time.Millisecond)
	}
	require.Fail(w.t, "the worker opened too few files")
	return nil
}

// threadFlags prints "role bit" once for each role of the agent and each way that its threads have PF_MEMALLOC_NOIO: 1 for those whose
// allocations free no memory of file systems.
const threadFlags = `for role in serve watch worker; do
for pid in $(pgrep -f "^/proc/self/exe $role"); do
for stat in /proc/$pid/task/*/stat; do
flags=$(sed 's/.*) //' $stat | cut -d' ' -f7); echo $role $((flags >> 19 & 1))
done; done; done | sort -u; flags=$(sed 's/.*) //' /proc/self/stat | cut -d' ' -f7); echo command $((flags >> 19 & 1))`

// lease is as short as a guest on a busy host can renew it.
const lease = wire.Duration(15 * time.Second)

// One snapshot, one after the other: guests of one seed do the same, guests of
// two seeds do not, the kernel's randomness is no guest's twice; and one that
// wakes when its lease would be over does not know.
func TestSeedsClocksAndRandomnessOfRestoredGuests(t *testing.T) {
	snapshot, before := warmGuest(t)
	frozen := time.Now()

	a, b, c := wakeGuest(t, snapshot), wakeGuest(t, snapshot), wakeGuest(t, snapshot)
	assert.NotEqual(t, a.random, b.random, "the same seed of workloads, other random numbers in the kernel")
	assert.NotEqual(t, b.random, c.random)
	seven, again, eight := a.firstFiles(7), b.firstFiles(7), c.firstFiles(8)
	assert.Equal(t, seven, again)
	assert.NotEqual(t, seven, eight)
	assert.Equal(t, "serve 1\nwatch 1\nworker 0\ncommand 0", a.run(threadFlags), "who watches must not hang with the mount")
	for _, w := range []woken{a, b, c} {
		require.NoError(t, w.guest.Close(context.Background()))
	}

	time.Sleep(time.Until(frozen.Add(lease.D() * 4 / 3)))
	late := wakeGuest(t, snapshot)
	assert.InDelta(t, before.Uptime, late.uptime, 1, "no jump of the clock that leases run by")
	assert.Equal(t, "tsc", late.run("cat /sys/devices/system/clocksource/clocksource0/current_clocksource"))
	date, err := strconv.ParseFloat(late.run("date +%s.%N"), 64)
	require.NoError(t, err)
	assert.InDelta(t, float64(time.Now().UnixMicro())/1e6, date, 2, "the date is right")
	assert.NotEmpty(t, late.firstFiles(9), "the mount works")
	stats := late.run("grep -A9 'on /mnt/nfs ' /proc/self/mountstats")
	assert.Contains(t, stats, "lease_expired=0")
	log := late.run("dmesg")
	for _, bad := range []string{"clocksource: Switched to clocksource hpet", "clocksource: Switched to clocksource acpi_pm", "Marking clocksource", "lease expired", "blocked for more than", "rcu: INFO", "soft lockup"} {
		assert.NotContains(t, log, bad)
	}
	after, err := late.Mounted(t.Context())
	require.NoError(t, err)
	for _, op := range []string{"RENEW", "CREATE_SESSION", "EXCHANGE_ID", "RECLAIM_COMPLETE"} {
		assert.Equal(t, before.Ops[op], after.Ops[op], "%s: nothing was recovered", op)
	}
}

// All processors spin with their interrupts off: no detector in the guest can say
// so. What QEMU sees of them names the hang.
func TestGuestThatSaysNothingIsAHang(t *testing.T) {
	guesttest.Needed(t)
	k, err := guesttest.Build(t.Context(), "control-cpu-lockup")
	require.NoError(t, err)
	s := spec(t, k)
	s.Scenario.Run = wire.Duration(30 * time.Second)
	s.Vmcore = true
	got, reports, err := trial.Run(t.Context(), s, quiet)
	require.NoError(t, err)
	assert.Equal(t, verdict.Hang, got.Verdict.Kind, "%+v", got.Verdict)
	assert.Equal(t, []string{verdict.Silence}, got.Detectors)
	assert.Equal(t, "INFO: guest became unresponsive in control_lock_up", got.Title)
	require.NotEmpty(t, reports)
	text, err := os.ReadFile(s.Dir + "/evidence/qemu.txt")
	require.NoError(t, err)
	assert.Contains(t, string(text), "CPU#1 is in control_lock_up+0x")
	checkDump(t, s, got)
	assert.Empty(t, qemus(t))
}
