package summary

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/store"
	"loopfault/results/verdict"
)

func TestKnownSplatsAreToldAndSoAreThoseThatNeverCome(t *testing.T) {
	list := verdict.Splats{
		{Signature: "v3:lockdep:circular-locking:f", Reason: "f is old"},
		{Signature: "v3:kasan:use-after-free:g", Reason: "g is odd"},
	}
	arm := store.Arm{Name: "eyes", Instrumentation: []string{"PROVE_LOCKING"}}
	trials := []store.Trial{{}, {Verdict: verdict.Verdict{Known: []string{list[0].Signature}}}}
	assert.Equal(t, []string{"eyes: known splat in 1 of 2 trials, not counted: v3:lockdep:circular-locking:f (f is old); lockdep is off from there on."},
		knownNotes(arm, trials, list), "this kernel has no KASAN that could see the other")
	assert.Equal(t, []string{"eyes: known splat that was not seen: is it still expected? v3:lockdep:circular-locking:f (f is old)."},
		knownNotes(arm, trials[:1], list))
	arm.Instrumentation = append(arm.Instrumentation, "KASAN")
	assert.Len(t, knownNotes(arm, trials, list), 2)
	assert.Empty(t, knownNotes(arm, nil, list), "nothing ran")
}
