package text_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/report/text"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// Each count stands below its word, whatever verdicts there are.
func TestCountsStandBelowTheirWords(t *testing.T) {
	a := summary.Arm{Name: "stock", Verdicts: map[verdict.Kind]int{}}
	for i, k := range verdict.Kinds() {
		a.Verdicts[k] = 100 + i
	}
	var out strings.Builder
	text.Summary(&out, summary.Summary{Arms: []summary.Arm{a}})
	var head, row []string
	for line := range strings.Lines(out.String()) {
		switch f := strings.Fields(line); {
		case slices.Contains(f, "arm"):
			head = f
		case slices.Contains(f, "stock"):
			row = f
		}
	}
	for i, word := range verdict.Heads() {
		at := slices.Index(head, word)
		require.GreaterOrEqual(t, at, 0, word)
		assert.Equal(t, strconv.Itoa(100+i), row[at], word)
	}
}
