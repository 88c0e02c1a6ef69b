package trial

import (
	"encoding/json"
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

// refused is what the kernel logs when it fails an allocation of thread 120.
const refused = `FAULT_INJECTION: forcing a failure.
name failslab, interval 1, probability 0, space 0, times 1073741823
CPU: 0 UID: 0 PID: 120 Comm: faultnth/0 Not tainted 6.12.117 #1
Call Trace:
 <TASK>
 dump_stack_lvl+0x4f/0x60
 should_fail_ex+0x15a/0x160
 should_failslab+0x45/0x60
 __kmalloc_cache_noprof+0x3c/0x2a0
 ff_layout_prepare_layoutreturn+0x26/0x190
 pnfs_send_layoutreturn+0x126/0x190
 </TASK>
`

func TestFunctionThatWasRefusedIsRead(t *testing.T) {
	assert.Equal(t, "ff_layout_prepare_layoutreturn", failedIn(wire.NthTry{Thread: 120, Log: refused}))
	assert.Empty(t, failedIn(wire.NthTry{Thread: 121, Log: refused}), "another thread's")
	assert.Empty(t, failedIn(wire.NthTry{Thread: 120, Log: "something else\n"}))
}

func TestTriesAreSummedUpByN(t *testing.T) {
	var text strings.Builder
	for _, try := range []wire.NthTry{
		{N: 2, Left: 1, Worker: "faultnth/0"},
		{N: 1, Landed: true, Thread: 120, Log: refused, Worker: "faultnth/0"},
		{N: 1, Landed: true, Thread: 120, Log: refused, Errno: "ENOMEM", Worker: "faultnth/1"},
	} {
		require.NoError(t, json.NewEncoder(&text).Encode(try))
	}
	table, cut := nthTable(text.String())
	assert.Zero(t, cut)
	assert.Equal(t, []store.Nth{
		{N: 1, Tries: 2, Landed: 2, Functions: map[string]int{"ff_layout_prepare_layoutreturn": 2}, Errors: map[string]int{"ENOMEM": 1}},
		{N: 2, Tries: 1, Functions: map[string]int{}, Errors: map[string]int{}},
	}, table)
}

// The agent does not know the parser, and names the kinds itself.
func TestKindsOfFindingsAreThoseOfReports(t *testing.T) {
	assert.EqualValues(t, kernelreport.KindDataCorruption, wire.DataCorruption)
	assert.EqualValues(t, kernelreport.KindLockViolation, wire.LockViolation)
	_, cut := findings(`{"kind":"hung_task","what":"made up","worker":"state/1"}`)
	assert.Equal(t, 1, cut, "no worker finds that")
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
