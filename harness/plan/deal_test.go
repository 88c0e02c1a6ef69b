package plan_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/harness/plan"
	"loopfault/results/store"
)

// rounds are the rounds of the whole plan that a shard runs, by their seeds, and whether controls take part in them.
func rounds(r plan.Request) map[uint64]bool {
	with := map[uint64]bool{}
	for p := range r.All() {
		if p.Arm != "c" {
			with[p.Seed] = false
		}
	}
	for p := range r.All() {
		if _, is := with[p.Seed]; is && p.Arm == "c" {
			with[p.Seed] = true
		}
	}
	return with
}

// Each round is in one shard, shards are of one size, and so are their shares of the rounds with controls, whatever the
// number of shards is.
func TestControlsAreDealtOutToAllShards(t *testing.T) {
	for of := 1; of <= 26; of++ {
		for trials := of; trials <= 6*of+7; trials += 7 {
			seen := map[uint64]int{}
			least, most, leastWith, mostWith := trials, 0, trials, 0
			for number := 1; number <= of; number++ {
				with := 0
				own := rounds(plan.Request{Arms: []string{"a", "b"}, Controls: []string{"c"}, Trials: trials, Seed: 3, Deal: store.DealApart, Shard: store.Shard{Number: number, Of: of}})
				for seed, controls := range own {
					seen[seed]++
					if controls {
						with++
					}
				}
				least, most = min(least, len(own)), max(most, len(own))
				leastWith, mostWith = min(leastWith, with), max(mostWith, with)
			}
			what := fmt.Sprintf("%d trials in %d shards", trials, of)
			assert.Len(t, seen, trials, what)
			for _, times := range seen {
				assert.Equal(t, 1, times, what)
			}
			assert.LessOrEqual(t, most-least, 1, what)
			assert.LessOrEqual(t, mostWith-leastWith, 1, what)
			if trials/5 >= of {
				assert.GreaterOrEqual(t, leastWith, 1, what)
			}
		}
	}
}

// A shard has controls of its own only where the plan's do not suffice: before all others, and not beside each fifth round.
func TestFewControlsBesideThoseOfThePlan(t *testing.T) {
	for _, of := range []int{4, 5, 10, 25} {
		r := plan.Request{Arms: []string{"a", "b"}, Controls: []string{"c"}, Trials: 10 * of, Seed: 3, Deal: store.DealApart}
		whole, parts := r.Count(), 0
		for number := 1; number <= of; number++ {
			r.Shard = store.Shard{Number: number, Of: of}
			parts += r.Count()
		}
		assert.Equal(t, whole+2*(of-1), parts, "two before all others in each of %d shards", of)
	}
}
