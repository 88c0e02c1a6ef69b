package ui_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/ui"
	"loopfault/vmimages/progress"
)

func TestOffATerminalEveryLineIsJSON(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	u := ui.New(f)
	for _, e := range []progress.Event{
		{Kind: progress.Begin, Step: "build", Text: "builds\nthings", Estimate: 90 * time.Second},
		{Kind: progress.Advance, Step: "build", Done: 1, Total: 100},
		{Kind: progress.Advance, Step: "build", Done: 2, Total: 100},
		{Kind: progress.End, Step: "build", Took: 1500 * time.Millisecond},
	} {
		u.Progress(e)
	}
	u.Close()
	require.NoError(t, f.Close())
	text, err := os.ReadFile(f.Name())
	require.NoError(t, err)
	var kinds []string
	for l := range strings.Lines(string(text)) {
		var got map[string]any
		require.NoError(t, json.Unmarshal([]byte(l), &got), l)
		kinds = append(kinds, got["kind"].(string))
		if got["kind"] == "begin" {
			assert.Equal(t, "1m30s", got["estimate"])
		}
	}
	assert.Equal(t, []string{"begin", "end"}, kinds, "advances are rationed")
}
