package scenario_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/scenario"
	"loopfault/workloads/scenarios"
)

func TestLessOfAScenario(t *testing.T) {
	whole, _, err := scenario.Find("pnfs-layoutreturn-exit")
	require.NoError(t, err)
	assert.Equal(t, []string{"sharedfile", "recall", "umount", "failslab"}, whole.Parts())
	assert.Equal(t, 6, whole.MostProcesses())

	less, _, err := scenario.Find("pnfs-layoutreturn-exit:run=7s,without=recall,without=failslab,processes=2")
	require.NoError(t, err)
	assert.Equal(t, 7*time.Second, less.Run.D())
	assert.Equal(t, []string{"sharedfile", "umount"}, less.Parts())
	assert.Equal(t, 2, less.Workloads[0].SharedFile.Processes)
	assert.Equal(t, 2, less.MostProcesses())
	assert.Equal(t, "pnfs-layoutreturn-exit:run=7s,without=recall,without=failslab,processes=2", less.Ref().String(), "it can be run again")

	again, _, err := scenario.Find("pnfs-layoutreturn-exit")
	require.NoError(t, err)
	assert.Equal(t, whole, again, "other scenarios are as they were")
}

func TestLessThatMakesNoSense(t *testing.T) {
	for text, want := range map[string]string{
		"umount-matrix:without=failslab": "scenario umount-matrix is not applicable: without=failslab: it has ",
		"umount-matrix:processes=0":      "scenario umount-matrix: processes=0, want at least 1",
		"umount-matrix:run=0s":           "run: ",
	} {
		_, _, err := scenario.Find(text)
		assert.ErrorContains(t, err, want, text)
	}
}

// Each part of each scenario can be left out, or there is a reason why not.
func TestLessOfEveryScenario(t *testing.T) {
	left := 0
	for _, name := range scenarios.Names() {
		s, _, err := scenario.Find(name)
		require.NoError(t, err)
		for _, part := range s.Parts() {
			_, _, err := s.Ref().With(scenario.Without(part)).Find()
			var not *scenario.NotApplicable
			if err != nil {
				assert.True(t, errors.As(err, &not), "%s without %s: %v", name, part, err)
				continue
			}
			left++
		}
	}
	assert.Greater(t, left, len(scenarios.Names()), "more than one part of an average scenario can be left out")
}
