package summary_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/summary"
)

// on is the trials of an arm on a host, one a letter as drawn has them.
func on(host, arm string, first, n int, letters string) []store.Trial {
	list := drawn(arm, first, n, letters)
	for i := range list {
		list[i].Host, list[i].Seed = host, uint64(1000+list[i].N/2) // rounds of two
	}
	return list
}

func mergedArms(names ...string) store.Manifest {
	m := arms(names...)
	m.Merged = &store.Merged{Of: 1, Shards: []store.ShardRun{{Shard: store.Shard{Number: 1, Of: 1}, Ended: store.Done}}}
	return m
}

// Where the control never hangs, though it does elsewhere, clean results mean nothing.
func TestBlindHostIsNamed(t *testing.T) {
	m := mergedArms("stock", "control")
	all := append(on("good", "control", 1, 1, "hhhhhhhhhh"), on("blind", "control", 11, 1, "cccccc")...)
	s := summary.Of(m, all)
	assert.False(t, s.Trusted)
	assert.Contains(t, s.Problem, "control arm control did not hang in any of 6 trials on host blind, and in 10 of 10 elsewhere")

	// A control that hangs half of the time may well miss three trials.
	all = append(on("good", "control", 1, 1, "hchchchchc"), on("unlucky", "control", 11, 1, "ccc")...)
	assert.True(t, summary.Of(m, all).Trusted)
	m.Merged = nil
	assert.True(t, summary.Of(m, append(on("good", "control", 1, 1, "hchhhhhhhh"), on("blind", "control", 11, 1, "c")...)).Trusted)
}

// Blocks of the sequential test are the rounds of one host: an arm of a fast host is no partner for one of a slow host.
func TestBlocksAreRoundsOfOneHost(t *testing.T) {
	m := mergedArms("a", "b")
	m.Until = store.UntilDifference
	one := append(on("x", "a", 2, 2, "cccccc"), on("x", "b", 3, 2, "hhhhhh")...)
	for i := range one {
		one[i].N-- // from 1 on, rounds keep their seeds
	}
	var six stats.Sequential
	for range 6 {
		six.Add(false, true)
	}
	s := summary.Of(m, one)
	require.Len(t, s.Comparisons, 1)
	assert.InDelta(t, six.P(), s.Comparisons[0].P, 1e-12)
	assert.Equal(t, stats.Worse, s.Comparisons[0].Word)

	for i := range one {
		if one[i].Arm == "b" {
			one[i].Host = "y"
		}
	}
	s = summary.Of(m, one)
	assert.Equal(t, 1.0, s.Comparisons[0].P)
	assert.Equal(t, stats.TooFew, s.Comparisons[0].Word)
}

func TestArmsAreComparedWithinHosts(t *testing.T) {
	m := mergedArms("a", "b")
	m.Merged.Hosts = []store.MergedHost{
		{Host: store.Host{Name: "slow"}, QEMU: "7.2", Accel: "tcg", Trials: 8}, {Host: store.Host{Name: "fast"}, QEMU: "10.0", Accel: "tcg", Trials: 8},
	}
	all := append(on("slow", "a", 1, 2, "hhhc"), on("slow", "b", 2, 2, "hhhc")...)
	all = append(append(all, on("fast", "a", 9, 2, "cccc")...), on("fast", "b", 10, 2, "cccc")...)
	s := summary.Of(m, all)
	c := s.Comparisons[0]
	require.NotNil(t, c.Stratified)
	assert.Equal(t, 1, c.Stratified.Strata, "the fast host tells nothing")
	assert.Equal(t, 1.0, *c.Stratified.OddsRatio)
	notes := strings.Join(s.Notes, "\n")
	assert.Contains(t, notes, "Merged from 1 run of 1 shard; trials ran on 2 hosts: slow (8), fast (8).")
	assert.Contains(t, notes, "b against a within hosts: p = 1 (Cochran-Mantel-Haenszel, 1 host), common odds ratio 1.")
	assert.Contains(t, notes, "Hosts are not alike in their version of QEMU (10.0, 7.2)")
	m.Merged = nil
	assert.Nil(t, summary.Of(m, all).Comparisons[0].Stratified)
}

// Shards have controls with numbers behind all others that run first: a control that stopped hanging is seen in the
// order in which trials ran.
func TestControlsOfShardsAreSeenInTheirTime(t *testing.T) {
	m := arms("stock", "control")
	m.Shard = store.Shard{Number: 2, Of: 2}
	all := append(drawn("control", 101, 1, "hhhhhhhh"), drawn("control", 1, 1, "cccccccc")...)
	for i := range all {
		all[i].Started = time.Unix(int64(i), 0)
	}
	assert.Contains(t, summary.Of(m, all).Problem, "hung in 8 of its first 8 trials and in none of the last 8")
	for i := range all {
		all[i].Started = time.Unix(int64(-i), 0)
	}
	assert.Empty(t, summary.Of(m, all).Problem)
}
