package bisect

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/store"
	"loopfault/results/verdict"
)

func TestStallsDecideOnlyIfTheyAreToCount(t *testing.T) {
	trials := []store.Trial{{Verdict: verdict.Verdict{Kind: verdict.Stall, Signature: "v1:f"}}, {Verdict: verdict.Verdict{Kind: verdict.Clean}}}
	assert.Equal(t, Tally{Trials: 2, Clean: 1, Nothing: 1}, tally(nil, counted(trials, false)))
	assert.Equal(t, Tally{Trials: 2, Clean: 1, Hangs: 1}, tally(nil, counted(trials, true)))
	assert.Equal(t, verdict.Stall, trials[0].Verdict.Kind, "what was stored stays")
}
