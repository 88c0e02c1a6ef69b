package hunt

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/scenario"
	"loopfault/harness/trial"
	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// kernel is a fake one whose trials take a minute each and hang when hangs says so.
type kernel struct {
	hangs func(ref scenario.Ref, seed uint64) bool
	near  map[string]float64 // by scenario
	lacks string             // scenario that it cannot run
	dies  int                // turn that fails, 0 for none
	parts []string
	ran   []string
}

var hung = kernelreport.FromStack("umount", 7, "D", 20, "[<0>] rpc_wait_bit_killable+0x1/0x2\n[<0>] nfs4_proc_layoutreturn+0x1/0x2\n[<0>] pnfs_send_layoutreturn+0x1/0x2\n[<0>] nfs4_evict_inode+0x1/0x2\n")

func (k *kernel) Turn(_ context.Context, part string, ref scenario.Ref, seed uint64, trials int, trialSeed *uint64) (Turn, error) {
	if ref.Source == k.lacks {
		return Turn{}, &trial.Unfit{Kernel: "fake", Why: "lacks something"}
	}
	if len(k.ran)+1 == k.dies {
		return Turn{}, errors.New("the disk is full")
	}
	if trialSeed != nil {
		seed = *trialSeed
	}
	k.parts, k.ran = append(k.parts, part), append(k.ran, ref.String())
	one := store.Trial{Planned: store.Planned{N: 1, Seed: seed}, Verdict: verdict.Verdict{Kind: verdict.Clean}}
	t := Turn{Run: "20260102-030405-x", Dir: "res/x", Near: k.near[ref.Source], Seconds: 60}
	if k.hangs != nil && k.hangs(ref, seed) {
		one.Verdict = verdict.Verdict{Kind: verdict.Hang, Title: hung.Title, Signature: hung.Signature}
		t.Hung, t.Reports = &one, []kernelreport.Report{hung}
	}
	t.Trials = []store.Trial{one}
	return t, nil
}

func hunting(k *kernel) *Hunt {
	return &Hunt{Runner: k, Text: io.Discard, Kernel: "fake", For: time.Hour, Small: time.Hour, Tries: 1, Seed: 3}
}

func TestEveryScenarioHasATurnBeforeAnyHasTwo(t *testing.T) {
	k := &kernel{near: map[string]float64{"dirty-limit": .9}, lacks: "few-threads"}
	h := hunting(k)
	found, err := h.Run(t.Context())
	require.NoError(t, err)
	assert.Nil(t, found.Hung)
	assert.Equal(t, 60, found.Counted, "an hour of trials of a minute")
	require.NotNil(t, found.Below)
	assert.Equal(t, summary.Clean, found.Judge())
	assert.Equal(t, []Left{{"few-threads", "kernel fake: lacks something"}}, found.Left)

	sources := map[string]int{}
	for i, ref := range k.ran {
		source, _, _ := strings.Cut(ref, ":")
		sources[source]++
		if len(sources) < i+1 { // the first that has a second turn
			all, err := places()
			require.NoError(t, err)
			assert.Len(t, sources, len(all)-1)
			break
		}
		assert.Contains(t, ref, ":quick")
	}
	assert.Greater(t, countOf(k.ran, "dirty-limit"), 2*countOf(k.ran, "umount-matrix"), "who came near has more turns: %v", k.ran)
	assert.Equal(t, 60, len(unique(k.parts)), "each turn is a part of its own")
	assert.NotContains(t, strings.Join(k.ran, " "), "layoutget-device", "dangerous scenarios hang stock kernels")
	assert.NotContains(t, strings.Join(k.ran, " "), "ceph", "a hunt builds no other kernel and image")
}

func TestSameSeedSameHunt(t *testing.T) {
	one, two, other := &kernel{}, &kernel{}, &kernel{}
	for _, k := range []*kernel{one, two, other} {
		h := hunting(k)
		h.For = 3 * time.Hour // long enough for versions and file systems to be drawn
		if k == other {
			h.Seed = 4
		}
		_, err := h.Run(t.Context())
		require.NoError(t, err)
	}
	assert.Equal(t, one.ran, two.ran)
	assert.Equal(t, one.parts, two.parts)
	assert.NotEqual(t, one.ran, other.ran, "axes are drawn")
}

// A bug that needs one workload and two processes of it.
func TestWhatHangsIsMadeSmaller(t *testing.T) {
	k := &kernel{hangs: func(ref scenario.Ref, _ uint64) bool {
		s, _, err := ref.Find()
		return err == nil && s.Name == "pnfs-layoutreturn-exit" && slices.Contains(s.Parts(), "sharedfile") && s.MostProcesses() >= 2
	}}
	found, err := hunting(k).Run(t.Context())
	require.NoError(t, err)
	require.NotNil(t, found.Hung)
	assert.Equal(t, hung.Title, found.Hung.Title)
	assert.Equal(t, "pnfs-layoutreturn-exit:quick", found.Hung.Scenario)
	assert.Equal(t, "pnfs-layoutreturn-exit:quick,without=recall,without=umount,without=failslab,processes=3", found.Hung.Smallest)
	assert.Contains(t, found.Hung.Command, "--trial-seed")
	assert.Equal(t, 1, found.Hung.Again)
	assert.Equal(t, "res/x/trials/0001", found.Hung.Dir)
	assert.Equal(t, summary.Found, found.Judge())
}

func TestAHangThatDoesNotComeBackIsKeptAsItIs(t *testing.T) {
	first := true
	k := &kernel{hangs: func(ref scenario.Ref, _ uint64) bool {
		was := first && ref.Source == "umount-matrix"
		first = first && !was
		return was
	}}
	found, err := hunting(k).Run(t.Context())
	require.NoError(t, err)
	require.NotNil(t, found.Hung)
	assert.Zero(t, found.Hung.Again)
	assert.Equal(t, found.Hung.Scenario, found.Hung.Smallest)
	assert.Len(t, found.Hung.Tried, 1)
}

func TestNoTimeToMakeItSmaller(t *testing.T) {
	k := &kernel{hangs: func(scenario.Ref, uint64) bool { return true }}
	h := hunting(k)
	h.Small = 0
	found, err := h.Run(t.Context())
	require.NoError(t, err)
	assert.Len(t, k.ran, 1)
	assert.Equal(t, found.Hung.Scenario, found.Hung.Smallest)
}

func TestAHuntThatFailsKeepsWhatItHas(t *testing.T) {
	found, err := hunting(&kernel{dies: 4}).Run(t.Context())
	require.EqualError(t, err, "the disk is full")
	assert.Len(t, found.Turns, 3)
}

func TestNearness(t *testing.T) {
	history := `{"t":5,"type":"workload","data":{"ops":[1],"oldest":2}}
{"t":6,"type":"workload","data":{"ops":[9],"oldest":6}}
{"t":7,"type":"phase","what":"umount"}
no JSON
{"t":8,"type":"workload","data":{"oldest":1}}
`
	near := func(kind verdict.Kind, text string) float64 {
		n, err := Nearness(store.Trial{Verdict: verdict.Verdict{Kind: kind}}, strings.NewReader(text))
		require.NoError(t, err)
		return n
	}
	assert.Equal(t, 0.5, near(verdict.Clean, history), "a sleep of six seconds is halfway")
	assert.Zero(t, near(verdict.Clean, ""))
	assert.Equal(t, 1.0, near(verdict.Stall, ""))
	_, err := Nearness(store.Trial{}, strings.NewReader(strings.Repeat("x", maxLine+1)))
	assert.Error(t, err)
}

func countOf(ran []string, name string) (n int) {
	for _, ref := range ran {
		if source, _, _ := strings.Cut(ref, ":"); source == name {
			n++
		}
	}
	return n
}

func unique(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }
