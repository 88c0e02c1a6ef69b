package trial_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/scenario"
	"loopfault/harness/trial"
	"loopfault/results/observe"
	"loopfault/results/paths"
	"loopfault/results/verdict"
	"loopfault/vmimages/kernel"
)

// The report's own path, on a real kernel: eviction sends the LAYOUTRETURN, its
// allocation fails, and both are counted there and nowhere else.
func TestTheReportedPathIsTaken(t *testing.T) {
	s := spec(t, bench.stock)
	var err error
	s.Scenario, _, err = scenario.Find("pnfs-layoutreturn-evict:quick,evictions")
	require.NoError(t, err)
	got, _, err := trial.Run(t.Context(), s, quiet)
	require.NoError(t, err)
	// Where tasks slept for long and came back, what is counted is the same.
	assert.Contains(t, []verdict.Kind{verdict.Clean, verdict.Stall}, got.Verdict.Kind, "%+v", got.Verdict)
	if got.Verdict.Kind == verdict.Stall {
		t.Logf("%+v", got.Confirmed)
	}
	evict := got.Paths["evict"]
	assert.Positive(t, evict.Calls, "%v", got.Paths)
	assert.Equal(t, evict.Calls, got.Exercised)
	assert.Equal(t, evict.Landed, got.Landed)
	assert.LessOrEqual(t, evict.Landed, evict.Calls)
	assert.Greater(t, 2*evict.Landed, evict.Calls, "every one of them fails once the load has begun and the fault is armed")
	all := int64(0)
	for name, c := range got.Paths {
		if paths.Whole(name) == "" {
			all += c.Calls
		}
		if paths.Whole(name) == "" && name != "evict" {
			assert.Zero(t, c.Landed, "failslab was limited to calls from _pnfs_return_layout: %s", name)
		}
	}
	assert.Equal(t, got.Exercised+got.Elsewhere, all, "each call is on one path")
	assert.Zero(t, got.LandedElsewhere)
	require.Len(t, got.Instrumented, 1)
	assert.Contains(t, got.Instrumented[0], kernel.ReturnOnClosePatch)

	observed := map[string]observe.Observed{}
	for _, o := range got.Observed {
		assert.Empty(t, o.Unknown, o.Claim)
		observed[o.Claim] = o
	}
	check := observed["return-bit-set"]
	assert.Positive(t, check.Seen)
	assert.Equal(t, check.Chances, check.Seen)
	assert.Positive(t, observed["allocation-failed"].Seen)
	assert.Zero(t, observed["freed-in-flight"].Seen)
	for _, file := range []string{"calls.txt", "failed_0.txt", "observed.txt"} {
		text, err := os.ReadFile(s.Dir + "/evidence/" + file)
		require.NoError(t, err)
		assert.Contains(t, string(text), "pnfs_send_layoutreturn", file)
	}
}
