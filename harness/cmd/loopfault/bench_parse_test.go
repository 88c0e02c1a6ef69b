package main

import (
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/ui"
	"loopfault/results/report/plain"
)

func TestParseFigures(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer null.Close()
	e := &env{ctx: t.Context(), stdout: plain.NewWriter(io.Discard), stderr: plain.NewWriter(null), ui: ui.New(null)}
	figures, err := e.parseFigures(1)
	require.NoError(t, err)
	var keys []string
	for _, f := range figures {
		keys = append(keys, f.key)
		assert.Positive(t, f.value, f.key)
	}
	assert.Equal(t, []string{"parse_quiet_mb_s", "parse_reports_mb_s", "parse_double_ratio"}, keys)
}
