package evidence_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/evidence"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	text, err := json.Marshal(evidence.Entry{T: 21, Type: evidence.Blocked, What: "umount", Data: evidence.Sleeper{PID: 7, Since: 12.5}})
	require.NoError(t, err)
	l, ok := evidence.Parse(text)
	require.True(t, ok)
	assert.Equal(t, "umount", l.What)
	var s evidence.Sleeper
	require.True(t, l.Into(&s))
	assert.Equal(t, evidence.Sleeper{PID: 7, Since: 12.5}, s)
}

func TestLinesThatAreNone(t *testing.T) {
	for _, text := range []string{"", "{", "null", "[]", `{"t": 1}`, `{"t": "x", "type": "phase"}`} {
		_, ok := evidence.Parse([]byte(text))
		assert.False(t, ok, text)
	}
	l, ok := evidence.Parse([]byte(`{"t": 1, "type": "workload", "data": [1]}`))
	require.True(t, ok, "data of another shape is none of ours")
	assert.False(t, l.Into(&evidence.Sample{}))
	l, _ = evidence.Parse([]byte(`{"t": 1, "type": "workload"}`))
	assert.False(t, l.Into(&evidence.Sample{}), "no data")
}
