package matrix_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/harness/matrix"
	"loopfault/results/verdict"
)

func TestMatrixSaysWhatHungAndWhatIsInDoubt(t *testing.T) {
	cell := func(ref string, row *matrix.Row) matrix.Cell {
		return matrix.Cell{Ref: ref, Kernel: "stock", State: matrix.Done, Row: row}
	}
	var out strings.Builder
	(&matrix.Record{Cells: []matrix.Cell{
		cell("good", &matrix.Row{Trials: 1, Verdicts: map[verdict.Kind]int{verdict.Clean: 1}}),
		cell("mixed", &matrix.Row{Trials: 2, Titles: []string{"1 × INFO: task hung in f"}, Reasons: []string{"1 × fault did not land"}}),
	}}).Text(&out)
	assert.Contains(t, out.String(), "\nmixed on stock: 1 × INFO: task hung in f; 1 × fault did not land\n")
	assert.NotContains(t, out.String(), "good on")
}
