package plan_test

import (
	"iter"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/harness/plan"
	"loopfault/results/store"
)

func TestSameRequestSamePlan(t *testing.T) {
	r := plan.Request{Arms: []string{"a", "b", "c"}, Trials: 50, Seed: 7}
	assert.Equal(t, slices.Collect(r.All()), slices.Collect(r.All()))
	other := r
	other.Seed = 8
	assert.NotEqual(t, slices.Collect(r.All()), slices.Collect(other.All()))
}

func TestArmsInterleaveFairly(t *testing.T) {
	arms := []string{"a", "b", "c"}
	p := slices.Collect(plan.Request{Arms: arms, Trials: 60, Seed: 1}.All())
	first := map[string]int{}
	for round := 0; round < len(p); round += len(arms) {
		seen := map[string]bool{}
		for i, trial := range p[round : round+len(arms)] {
			assert.Equal(t, round+i+1, trial.N)
			assert.Equal(t, p[round].Seed, trial.Seed, "a round shares its seed")
			seen[trial.Arm] = true
		}
		assert.Len(t, seen, len(arms), "each arm once a round")
		first[p[round].Arm]++
	}
	for _, a := range arms {
		assert.Greater(t, first[a], 10, "%s goes first about as often as the others", a)
	}
}

func TestLongerPlanBeginsWithTheShorterOne(t *testing.T) {
	r := plan.Request{Arms: []string{"a", "b"}, Trials: 3, Seed: 5}
	short := slices.Collect(r.All())
	r.Trials = 9
	assert.Equal(t, short, slices.Collect(r.All())[:len(short)])
}

func TestControlsRunFirstAndThenNowAndThen(t *testing.T) {
	r := plan.Request{Arms: []string{"a", "b"}, Controls: []string{"c"}, Trials: 50, Seed: 3}
	p := slices.Collect(r.All())
	assert.Len(t, p, r.Count())
	var at []int
	for _, trial := range p {
		if trial.Arm == "c" {
			at = append(at, trial.N)
		}
	}
	assert.Equal(t, []int{1, 2}, at[:2], "before anything else")
	assert.Len(t, at, 2+50/5)
	for i := 3; i < len(at); i++ {
		assert.InDelta(t, 11, at[i]-at[i-1], 3, "spread evenly")
	}

	r.Trials = 1
	assert.Equal(t, 3, r.Count())
	assert.Len(t, slices.Collect(r.All()), 3)
	r.Trials = 0
	assert.Zero(t, r.Count(), "without end")
}

func TestTrialsOfControlsThatDidNotHangHaveNumbersOfTheirOwn(t *testing.T) {
	r := plan.Request{Arms: []string{"a"}, Controls: []string{"c", "d"}, Trials: 2, Seed: 3}
	numbers := map[int]bool{}
	for _, seq := range []iter.Seq[store.Planned]{r.All(), r.Again("c"), r.Again("d")} {
		for p := range seq {
			assert.False(t, numbers[p.N], p.N)
			numbers[p.N] = true
		}
	}
	assert.Len(t, numbers, r.Count()+2*4)
	assert.Equal(t, slices.Collect(r.Again("d")), slices.Collect(r.Again("d")), "the same each time, so that resume finds them")
}
