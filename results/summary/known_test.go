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
	noted := func(trials []store.Trial) []string {
		sum := NewSum(store.Manifest{Arms: []store.Arm{arm}})
		for _, t := range trials {
			t.Arm = arm.Name
			sum.Add(t)
		}
		return knownNotes(arm, len(trials), sum.splats[arm.Name], list)
	}
	assert.Equal(t, []string{"eyes: known splat in 1 of 2 trials, not counted: v3:lockdep:circular-locking:f (f is old); lockdep is off from there on."},
		noted(trials), "this kernel has no KASAN that could see the other")
	assert.Equal(t, []string{"eyes: known splat that was not seen: is it still expected? v3:lockdep:circular-locking:f (f is old)."},
		noted(trials[:1]))
	arm.Instrumentation = append(arm.Instrumentation, "KASAN")
	assert.Len(t, noted(trials), 2)
	assert.Empty(t, noted(nil), "nothing ran")
}
