package serve

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/summary"
	"loopfault/results/verdict"
)

func TestArmsOfEitherRunAreCompared(t *testing.T) {
	arm := func(name, kernel string, hangs int) summary.Arm {
		return summary.Arm{Name: name, Kernel: kernel, Verdicts: map[verdict.Kind]int{verdict.Hang: hangs, verdict.Clean: 20 - hangs}}
	}
	list := pairArms(
		[]summary.Arm{arm("base", "stock", 20), arm("old", "gone", 0)},
		[]summary.Arm{arm("new", "next", 0), arm("stock", "stock", 0)})
	require.Len(t, list, 3)
	assert.True(t, list[0].Both(), "of one kernel, whatever they are called")
	assert.Equal(t, "stock", list[0].B.Name)
	assert.Less(t, list[0].Says.P, 0.001)
	assert.Equal(t, "old", list[1].One().Name)
	assert.Nil(t, list[1].B)
	assert.Equal(t, "new", list[2].One().Name, "only the second run has it")
	assert.Nil(t, list[2].A)
}
