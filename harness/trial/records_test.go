package trial

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/workloads/wire"
)

func TestFindingsOfOneSortAreOneReport(t *testing.T) {
	reports, cut := findings(`{"kind":"data_corruption","what":"an acknowledged write is lost","detail":"f: block 1","worker":"state/1"}
{"kind":"data_corruption","what":"an acknowledged write is lost","detail":"f: block 2","worker":"state/2"}
{"kind":"lock_violation","what":"two processes held one lock","worker":"state/2"}
{"kind":"data_corr`)
	assert.Equal(t, 1, cut)
	require.Len(t, reports, 2)
	assert.Equal(t, 2, reports[0].Count)
	assert.Equal(t, kernelreport.KindLockViolation, reports[1].Kind)
	assert.Equal(t, verdict.Checker, reports[1].Detector)
	assert.Equal(t, verdict.Crash, verdict.Decide(verdict.Observations{Operations: 1, Reports: reports}).Kind)
}

func TestTriesAreSummedUpByN(t *testing.T) {
	table, cut := nthTable(`{"n":2,"landed":false,"left":1,"worker":"faultnth/0"}
{"n":1,"landed":true,"left":0,"function":"f","worker":"faultnth/0"}
{"n":1,"landed":true,"left":0,"function":"f","errno":"ENOMEM","worker":"faultnth/1"}
`)
	assert.Zero(t, cut)
	assert.Equal(t, []store.Nth{
		{N: 1, Tries: 2, Landed: 2, Functions: map[string]int{"f": 2}, Errors: map[string]int{"ENOMEM": 1}},
		{N: 2, Tries: 1, Functions: map[string]int{}, Errors: map[string]int{}},
	}, table)
}

// A guest may make up findings and rows without end.
func TestRecordsAreBounded(t *testing.T) {
	var text strings.Builder
	for i := range maxRecords + 7 {
		fmt.Fprintf(&text, "{\"kind\":\"data_corruption\",\"what\":\"%s is lost\",\"n\":%d}\n", letters(i), i)
	}
	reports, cut := findings(text.String())
	assert.Len(t, reports, maxRecords)
	assert.Equal(t, 7, cut)
	table, cut := nthTable(text.String())
	assert.Len(t, table, maxRecords)
	assert.Equal(t, 7, cut)
}

// letters is a word of its own for each number: numbers are no part of a signature.
func letters(i int) string {
	return strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprint(i))
}

// Nor are tasks that hang without number.
func TestBlockedTasksAreBounded(t *testing.T) {
	e, h, b := open(t)
	s := wire.Sample{Uptime: 200, Spin: .001, Oldest: 100}
	for pid := range maxBlocked + 100 {
		s.Blocked = append(s.Blocked, wire.Blocked{PID: pid + 1, Comm: "x", State: "D", Since: 100, Seconds: 100, Stack: sleeping})
	}
	e.sample(s, h, b)
	e.sample(s, h, b)
	assert.Len(t, e.reports(), maxBlocked)
}

// What a guest sends without end stops being written down, with a note; what we do with it does not.
func TestHistoryIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl")
	h, err := newHistory(path)
	require.NoError(t, err)
	h.room = 1000
	for range 100 {
		h.add(entry{Type: "workload", Data: map[string]any{"ops": []int{1, 2, 3}}})
	}
	h.add(entry{Type: "verdict", What: "clean"})
	require.NoError(t, h.close())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Less(t, len(text), 1400)
	assert.Equal(t, 1, strings.Count(string(text), `"history full"`))
	assert.Contains(t, string(text), `"what":"clean"`)
}
