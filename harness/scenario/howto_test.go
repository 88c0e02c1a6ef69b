package scenario

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The whole scenario that the page shows is one that is taken.
func TestTheExampleForScenariosOfOnesOwnIsGood(t *testing.T) {
	page, err := os.ReadFile("../../docs/how-to/own-scenario.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(page), "\n    name: ")
	require.True(t, found, "the page shows a whole scenario")
	example, _, _ := strings.Cut("    name: "+rest, "\n\n")
	var text strings.Builder
	for line := range strings.SplitSeq(example, "\n") {
		text.WriteString(strings.TrimPrefix(line, "    ") + "\n")
	}
	s, err := Parse("first.yaml", []byte(text.String()))
	require.NoError(t, err)
	assert.Equal(t, "first", s.Name)
	assert.NotEmpty(t, s.Faults)
}
