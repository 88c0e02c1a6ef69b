package trial

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/verdict"
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
