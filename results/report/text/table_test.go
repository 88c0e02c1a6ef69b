package text_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/report/text"
)

func TestTablesFitTheTerminal(t *testing.T) {
	g := text.Table{Head: []string{"RUN", "TRIALS", "HANG", "PROBLEM"}}
	g.Add("20260102-030405-a-rather-long-scenario", 12, 0, "trials/0002/verdict.json: unexpected end of JSON input")
	g.Add("short", 3, 1, "")
	for _, width := range []int{0, 200, 80, 40} {
		var b strings.Builder
		require.NoError(t, g.Print(&b, width))
		for line := range strings.Lines(b.String()) {
			if width > 0 {
				assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, " \n")), width)
			}
		}
		assert.Equal(t, width == 0 || width == 200, strings.HasPrefix(b.String(), "RUN "), "%d", width)
		for _, word := range []string{"20260102", "12", "verdict.json", "short", "3"} {
			assert.Contains(t, b.String(), word)
		}
	}
}

// Nothing that a terminal would act on, whatever a kernel called itself.
func TestTablesAreHarmless(t *testing.T) {
	g := text.Table{Head: []string{"A"}}
	g.Add("x\x1b[31m\u202e\n")
	var b strings.Builder
	require.NoError(t, g.Print(&b, 0))
	assert.Equal(t, "A\nx\\x1b[31m\\u202e\n", b.String())
}
