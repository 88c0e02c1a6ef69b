package summary

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/store"
)

func TestArmsThatAreNotWatchedAlike(t *testing.T) {
	arms := []store.Arm{
		{Name: "stock", Instrumentation: []string{"FAILSLAB", "PREEMPT"}},
		{Name: "patched", Instrumentation: []string{"FAILSLAB", "PREEMPT"}},
		{Name: "eyes", Instrumentation: []string{"PREEMPT", "PROVE_LOCKING"}},
		{Name: "image"},
	}
	assert.Equal(t, []string{"stock and eyes were not observed in the same way (FAILSLAB, PROVE_LOCKING): a difference between them may not come from the kernels' code."},
		watchedNotes(arms))
	assert.Empty(t, watchedNotes(arms[:2]))
	assert.Empty(t, watchedNotes(nil))
}
