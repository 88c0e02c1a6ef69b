package wire_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/wire"
)

func TestSizeReadsAndWritesUnits(t *testing.T) {
	for text, want := range map[string]wire.Size{
		`"64MiB"`: 64 << 20, `"1GiB"`: 1 << 30, `"4096"`: 4096, `"1kB"`: 1000, `"0"`: 0,
	} {
		var s wire.Size
		require.NoError(t, json.Unmarshal([]byte(text), &s), text)
		assert.Equal(t, want, s, text)
		out, err := json.Marshal(s)
		require.NoError(t, err)
		var back wire.Size
		require.NoError(t, json.Unmarshal(out, &back))
		assert.Equal(t, s, back, text)
	}
	for _, bad := range []string{`"lots"`, `"-1MiB"`, `"99999999999GiB"`} {
		var s wire.Size
		assert.Error(t, json.Unmarshal([]byte(bad), &s), bad)
	}
}

func TestDurationReadsGoForm(t *testing.T) {
	var d wire.Duration
	require.NoError(t, json.Unmarshal([]byte(`"1m30s"`), &d))
	assert.Equal(t, 90*time.Second, d.D())
	for _, bad := range []string{`"90"`, `"-1s"`, `"soon"`} {
		assert.Error(t, json.Unmarshal([]byte(bad), &d), bad)
	}
}
