package plan_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/harness/plan"
	"loopfault/results/store"
)

// All shards together are the whole plan, each of its trials once, as the whole plan has it.
func TestShardsAreTheWholePlan(t *testing.T) {
	for i, of := range []int{1, 2, 3, 5, 8, 10, 1, 3, 5, 8} {
		deal := store.DealApart
		if i > 5 {
			deal = store.DealInTurn
		}
		t.Run(fmt.Sprint(of, deal), func(t *testing.T) {
			r := plan.Request{Arms: []string{"a", "b"}, Controls: []string{"c", "d"}, Trials: 40, Seed: 7, Deal: deal}
			seen := map[int]store.Planned{}
			book := r.Book()
			for number := 1; number <= of; number++ {
				s := r
				s.Shard = store.Shard{Number: number, Of: of}
				trials := slices.Collect(s.All())
				assert.Equal(t, trials, slices.Collect(s.All()))
				assert.Len(t, trials, s.Count())
				for _, c := range r.Controls {
					trials = slices.AppendSeq(trials, s.Again(c))
				}
				for _, p := range trials {
					assert.NotContains(t, seen, p.N, "nothing twice")
					seen[p.N] = p
					found, ok := book.Find(s.Shard, p.N)
					assert.True(t, ok, p.N)
					assert.Equal(t, p, found)
					assert.Equal(t, s.IsAgain(p), book.IsAgain(s.Shard, p.N))
					_, ok = book.Find(store.Shard{Number: number%of + 1, Of: of}, p.N)
					assert.Equal(t, of == 1, ok, "trial %d is in no other shard", p.N)
				}
			}
			for _, n := range []int{-1, 0, r.Count() + 1, r.Count() + 8, 1 << 40} {
				_, ok := book.Find(store.Shard{Number: 1, Of: of}, n)
				assert.False(t, ok, n)
			}
			for p := range r.All() {
				assert.Equal(t, p, seen[p.N], "as in the whole plan")
				delete(seen, p.N)
			}
			seeds := map[string]bool{}
			for n, p := range seen {
				assert.Contains(t, r.Controls, p.Arm, "what is more are controls")
				assert.Greater(t, n, r.Count()+len(r.Controls)*4, "behind those that the whole plan runs again")
				key := fmt.Sprint(p.Arm, p.Seed)
				assert.False(t, seeds[key], "other seeds, or a shard would repeat another one")
				seeds[key] = true
			}
		})
	}
}

func TestRoundsStayWholeAndControlsAreInEveryShard(t *testing.T) {
	for _, of := range []int{2, 4, 5, 7, 10} {
		for number := 1; number <= of; number++ {
			r := plan.Request{Arms: []string{"a", "b", "n"}, Controls: []string{"c"}, Trials: 100, Seed: 3, Deal: store.DealApart, Shard: store.Shard{Number: number, Of: of}}
			arms := map[uint64]map[string]bool{}
			since, most, controls := 0, 0, 0
			for i, p := range slices.Collect(r.All()) {
				if p.Arm == "c" {
					since = 0
					controls++
					continue
				}
				assert.GreaterOrEqual(t, i, 2, "controls come first")
				if arms[p.Seed] == nil {
					arms[p.Seed] = map[string]bool{}
					since++
					most = max(most, since)
				}
				arms[p.Seed][p.Arm] = true
			}
			for seed, in := range arms {
				assert.Len(t, in, 3, "round with seed %d", seed)
			}
			assert.InDelta(t, 100/of, len(arms), 1)
			assert.LessOrEqual(t, most, 6, "rounds between two of controls in shard %d of %d", number, of)
			assert.GreaterOrEqual(t, controls, 2)
		}
	}
}

func TestTrialsThatRunAgainAreKnown(t *testing.T) {
	for _, shard := range []store.Shard{{}, {Number: 2, Of: 3}} {
		r := plan.Request{Arms: []string{"a"}, Controls: []string{"c", "d"}, Trials: 9, Seed: 1, Shard: shard}
		for p := range r.All() {
			assert.False(t, r.IsAgain(p), p.N)
		}
		for p := range r.Again("d") {
			assert.Equal(t, "d", p.Arm)
			assert.True(t, r.IsAgain(p), p.N)
		}
	}
}

func TestPlanOfAManifest(t *testing.T) {
	m := store.Manifest{Terms: store.Terms{Seed: 4, Trials: 6, Shard: store.Shard{Number: 1, Of: 2}, Deal: store.DealApart}, Arms: []store.Arm{{Name: "a"}, {Name: "n", NoFault: true}, {Name: "b"}, {Name: "c", Control: true}}}
	assert.Equal(t, plan.Request{Arms: []string{"a", "b"}, Controls: []string{"n", "c"}, Trials: 6, Seed: 4, Shard: m.Shard, Deal: store.DealApart}, plan.Of(m))
}
