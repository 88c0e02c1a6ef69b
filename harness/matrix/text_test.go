package matrix_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/harness/matrix"
	"loopfault/harness/scenario"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

func TestMatrixSaysWhatHungAndWhatIsInDoubt(t *testing.T) {
	cell := func(name string, row *matrix.Row) matrix.Cell {
		return matrix.Cell{Ref: scenario.Ref{Source: name}, Kernel: "stock", State: matrix.Done, Row: row}
	}
	var out strings.Builder
	(&matrix.Record{Cells: []matrix.Cell{
		cell("good", &matrix.Row{Trials: 1, Verdicts: map[verdict.Kind]int{verdict.Clean: 1}}),
		cell("mixed", &matrix.Row{Trials: 2, Titles: []string{"1 × INFO: task hung in f"}, Reasons: []string{"1 × fault did not land"}}),
	}}).Fprint(&out)
	assert.Contains(t, out.String(), "\nmixed on stock: 1 × INFO: task hung in f; 1 × fault did not land\n")
	assert.NotContains(t, out.String(), "good on")
}

// A stall is told beside what is in doubt, and is no finding of a night, unless it counts.
func TestStallsAreNoFindingsOfACell(t *testing.T) {
	arms := func(stalls bool) summary.Summary {
		return summary.Summary{Arms: []summary.Arm{
			{Name: "stock", Stalls: stalls, Verdicts: map[verdict.Kind]int{verdict.Clean: 1, verdict.Stall: 1},
				Signatures: []summary.Signature{{Signature: "v1:f", Title: "INFO: task hung in f", Kind: verdict.Stall, Count: 1}}},
			{Name: "control", Control: true, Stalls: true, Verdicts: map[verdict.Kind]int{verdict.Stall: 2}},
		}}
	}
	row := matrix.RowOf("20261128-190633-x", arms(false))
	assert.Empty(t, row.Titles)
	assert.Empty(t, row.Signatures)
	assert.Equal(t, []string{"1 × stall: INFO: task hung in f"}, row.Reasons)
	assert.Equal(t, 2, row.ControlShown(), "this control may stall")
	row = matrix.RowOf("20261128-190633-x", arms(true))
	assert.Equal(t, []string{"1 × INFO: task hung in f"}, row.Titles)
	assert.Len(t, row.Signatures, 1)
	assert.Equal(t, 1, row.Verdicts[verdict.Hang])
	assert.Zero(t, row.Verdicts[verdict.Stall])
	assert.Equal(t, 3, (&matrix.Row{Control: map[verdict.Kind]int{verdict.Hang: 3}}).ControlShown(), "a record of before")
}
