package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseFigures(t *testing.T) {
	b := &bench{}
	figures, err := b.parseFigures(1)
	require.NoError(t, err)
	var keys []string
	for _, f := range figures {
		keys = append(keys, f.key)
		assert.Positive(t, f.value, f.key)
	}
	assert.Equal(t, []string{"parse_quiet_mb_s", "parse_reports_mb_s", "parse_double_ratio"}, keys)
}
