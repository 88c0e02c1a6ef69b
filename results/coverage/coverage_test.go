package coverage

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// printed is what gcov prints of two objects that share a header: one function of x.c is called, one is not.
const printed = `{"format_version": "1", "data_file": "fs/nfs/x.gcda", "files": [
 {"file": "/src/fs/nfs/x.c", "functions": [
   {"name": "called", "start_line": 10, "end_line": 20, "execution_count": 3},
   {"name": "idle", "start_line": 30, "end_line": 33, "execution_count": 0}],
  "lines": [
   {"line_number": 10, "count": 3, "branches": []},
   {"line_number": 12, "count": 3, "branches": [{"count": 3}, {"count": 0}]},
   {"line_number": 13, "count": 0, "branches": []}, {"line_number": 14, "count": 0, "branches": []},
   {"line_number": 16, "count": 3, "branches": [{"count": 1}, {"count": 2}]},
   {"line_number": 31, "count": 0, "branches": [{"count": 0}, {"count": 0}]}]},
 {"file": "/src/fs/nfs/h.h", "functions": [{"name": "inlined", "start_line": 1, "end_line": 2, "execution_count": 1}], "lines": [{"line_number": 1, "count": 1, "branches": []}]},
 {"file": "/src/include/linux/list.h", "functions": [], "lines": [{"line_number": 1, "count": 9, "branches": []}]}]}
{"format_version": "1", "data_file": "fs/nfs/y.gcda", "files": [
 {"file": "/src/fs/nfs/h.h", "functions": [{"name": "inlined", "start_line": 1, "end_line": 2, "execution_count": 4}], "lines": [{"line_number": 1, "count": 4, "branches": []}]}]}
`

func read(t *testing.T, text string) Counts {
	t.Helper()
	c := Counts{}
	require.NoError(t, c.Read(strings.NewReader(text), func(name string) (string, bool) { return strings.CutPrefix(name, "/src/fs/") }))
	return c
}

func TestCountsAreRead(t *testing.T) {
	c := read(t, printed)
	assert.Len(t, c, 2)
	assert.Equal(t, Size{Functions: Part{2, 3}, Lines: Part{4, 7}, Branches: Part{3, 6}}, c.Size())
	assert.EqualValues(t, 5, c["nfs/h.h"].Functions["inlined"].Calls)
	c.Add(read(t, printed))
	assert.EqualValues(t, 6, c["nfs/x.c"].Lines[12])
	assert.Equal(t, []int64{6, 0}, c["nfs/x.c"].Ways[12])
	assert.Equal(t, Size{Functions: Part{2, 3}, Lines: Part{4, 7}, Branches: Part{3, 6}}, c.Size())

	assert.ErrorContains(t, Counts{}.Read(strings.NewReader(printed+"{"), func(string) (string, bool) { return "", false }), "gcov")
}

func TestFilesSayWhatWasNotReached(t *testing.T) {
	files := read(t, printed).Files()
	require.Len(t, files, 2)
	assert.Equal(t, FileReport{
		File: "nfs/x.c", Size: Size{Functions: Part{1, 2}, Lines: Part{3, 6}, Branches: Part{3, 6}},
		Never: []string{"idle"}, NotRun: [][2]int{{13, 14}}, NotTaken: []Untold{{"called", []int{12}}},
	}, files[0], "the least exercised first")
	assert.Equal(t, "nfs/h.h", files[1].File)
}

// with is counts of one file: lines that ran and did not.
func with(ran, not []int) Counts {
	s := &Source{Functions: map[string]Function{}, Lines: map[int]int64{}, Ways: map[int][]int64{}}
	for _, line := range ran {
		s.Lines[line] = 1
	}
	for _, line := range not {
		s.Lines[line] = 0
	}
	return Counts{"f.c": s}
}

func TestScenariosThatAddNothingAreLast(t *testing.T) {
	reports := Scenarios([]Scenario{
		{"same", 1, with([]int{1, 2}, []int{3, 4})}, {"own", 2, with([]int{4}, []int{1, 2, 3})}, {"most", 1, with([]int{1, 2, 3}, []int{4})},
	})
	require.Len(t, reports, 3)
	var names []string
	var adds, alone []int
	for _, r := range reports {
		names, adds, alone = append(names, r.Scenario), append(adds, r.Adds.Lines), append(alone, r.Alone.Lines)
	}
	assert.Equal(t, []string{"most", "own", "same"}, names)
	assert.Equal(t, []int{3, 1, 0}, adds)
	assert.Equal(t, []int{1, 1, 0}, alone)
	assert.Equal(t, Part{3, 4}, reports[0].Lines)
	assert.Equal(t, 2, reports[1].Trials)
}

func TestDifferenceOfTwoRuns(t *testing.T) {
	before, after := read(t, printed), read(t, strings.ReplaceAll(strings.ReplaceAll(printed, `"execution_count": 0`, `"execution_count": 1`), `"line_number": 31, "count": 0, "branches": [{"count": 0}`, `"line_number": 31, "count": 1, "branches": [{"count": 1}`))
	assert.Equal(t, Difference{Functions: []FunctionOf{{"nfs/x.c", "idle"}}, Reach: Reach{1, 1}}, after.Beyond(before))
	assert.Equal(t, Difference{Functions: []FunctionOf{}}, before.Beyond(after))
}
