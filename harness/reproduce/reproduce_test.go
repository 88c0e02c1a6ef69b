package reproduce

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/scenario"
	"loopfault/results/summary"
)

// Scenarios in which no allocation is failed run as they are.
func TestReproduceFailsAllocationsAsAsked(t *testing.T) {
	h := Hunt{Backend: "callsite"}
	for name, want := range map[string]string{
		"pnfs-layoutreturn-enomem": "pnfs-layoutreturn-enomem:fault-backend=callsite",
		"server-restart":           "server-restart",
	} {
		s, text, err := scenario.Find(name)
		require.NoError(t, err)
		got, _, err := h.backed(scenario.Ranked{Scenario: s, Text: text})
		require.NoError(t, err)
		assert.Equal(t, want, got.Ref().String())
	}
}

func TestJudgementOfAHunt(t *testing.T) {
	assert.Equal(t, summary.Found, Found{Reproduced: &Reproduced{}, Counted: 1}.Judge())
	assert.Equal(t, summary.Found, Found{Others: 1, Counted: 3}.Judge(), "another hang is a finding, too")
	assert.Equal(t, summary.Inconclusive, Found{}.Judge())
	assert.Equal(t, summary.Clean, Found{Counted: 3}.Judge())
}
