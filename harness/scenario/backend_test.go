package scenario_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/faults"
	"loopfault/harness/scenario"
)

func TestBackendsFailTheSameCall(t *testing.T) {
	s, _, err := ref(t, "pnfs-layoutreturn-enomem:quick").By(scenario.Callsite).Find()
	require.NoError(t, err)
	assert.Equal(t, "pnfs-layoutreturn-enomem:quick,fault-backend=callsite", s.Ref().String())
	assert.Equal(t, []scenario.Fault{{Callsite: &faults.Callsite{Function: "pnfs_send_layoutreturn", Call: 1, Choice: faults.Choice{Probability: 50, Times: 100000}}}}, s.Faults)

	back, _, err := s.Ref().By(scenario.Failslab).Find()
	require.NoError(t, err)
	plain, _, err := ref(t, "pnfs-layoutreturn-enomem").By("").Find()
	require.NoError(t, err)
	assert.Equal(t, plain.Faults, back.Faults)
	require.NotNil(t, plain.Faults[0].Failslab, "the scenario itself is as it was")
}

func TestBackendNeedsAFaultItCanHave(t *testing.T) {
	_, _, err := scenario.Find("server-restart:fault-backend=callsite")
	assert.EqualError(t, err, "scenario server-restart is not applicable: fault-backend callsite: none of its faults is about one allocation that either backend can fail")
	_, _, err = scenario.Find("pnfs-layoutreturn-enomem:fault-backend=gdb")
	assert.EqualError(t, err, `scenario pnfs-layoutreturn-enomem: fault-backend is "gdb", want one of failslab, callsite`)
}

func TestScheduleIsForExplore(t *testing.T) {
	path := variedFile(t, varied+`faults:
  - explore: {points: [{function: f}, {function: g, callee: h, call: 1}], changes: 2, among: 9, longest: 3, for: 1s}
`)
	s, _, err := ref(t, path+":quick").With(scenario.Schedule{{At: 3, Others: 1}, {At: 9, Others: 2}}).Find()
	require.NoError(t, err)
	require.NotNil(t, s.Faults[0].Explore)
	assert.Equal(t, "3+1 9+2", s.Faults[0].Explore.Schedule.String())
	_, _, err = scenario.Find(path + ":schedule=3")
	assert.EqualError(t, err, "scenario "+path+`: schedule: "3", want HIT+OTHERS such as 17+2`)
	_, _, err = scenario.Find("server-restart:schedule=3+1")
	assert.EqualError(t, err, "scenario server-restart is not applicable: schedule 3+1: it has no fault explore to follow it")
}
