package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/scenario"
)

// Scenarios in which no allocation is failed run as they are.
func TestReproduceFailsAllocationsAsAsked(t *testing.T) {
	h := hunt{flags: &reproduceCmd{backendFlag: backendFlag{Backend: "callsite"}}}
	for name, want := range map[string]string{
		"pnfs-layoutreturn-enomem": "pnfs-layoutreturn-enomem:fault-backend=callsite",
		"server-restart":           "server-restart",
	} {
		s, text, err := scenario.Find(name)
		require.NoError(t, err)
		got, _, err := h.backed(scenario.Ranked{Scenario: s, Text: text})
		require.NoError(t, err)
		assert.Equal(t, want, got.Ref())
	}
}
