package trial

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/verdict"
)

func TestOperationsBeyondTheirLimitAreALoop(t *testing.T) {
	limits := map[string]float64{"EXCHANGE_ID": 1, "RECLAIM_COMPLETE": 0.5}
	assert.Empty(t, loops(limits, map[string]int64{"EXCHANGE_ID": 20, "WRITE": 1e6}, 20))
	found := loops(limits, map[string]int64{"EXCHANGE_ID": 500, "RECLAIM_COMPLETE": 11}, 20)
	assert.Len(t, found, 2)
	assert.Equal(t, "INFO: client in a loop: 25.0 EXCHANGE_ID a second, want at most 1", found[0].Title)
	v := verdict.Decide(verdict.Observations{Operations: 1, Reports: found})
	assert.Equal(t, verdict.Hang, v.Kind)
	assert.Equal(t, []string{verdict.LoopWatch}, v.Detectors)
	assert.Equal(t, "loop:EXCHANGE_ID", v.Signature)
}
