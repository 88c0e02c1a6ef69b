package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestJSONHelpIsOfCommands(t *testing.T) {
	known := map[string]bool{}
	for _, n := range grammarOf(t).Model.Leaves(true) {
		known[n.Path()] = true
	}
	for path := range jsonHelp {
		assert.True(t, known[path], "%s is no command", path)
	}
	out, err := loopfault(t.Context(), t, "try", "--help").Output()
	require.NoError(t, err)
	assert.Contains(t, string(out), "With --json: seed, base and patched")
}
