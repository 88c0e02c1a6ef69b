package stats

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stratum is an arm and a base by hits and misses, as published tables have them.
func stratum(armHit, armMissed, baseHit, baseMissed int) Pair {
	return Pair{Arm: Count{armHit, armHit + armMissed}, Base: Count{baseHit, baseHit + baseMissed}}
}

// Published tables and what R's mantelhaen.test says of them, whose manual has both
// as examples. The first is Agresti's (1990, p. 231), in which two of five strata
// tell nothing.
func TestCochranMantelHaenszelAsPublished(t *testing.T) {
	for _, c := range []struct {
		name             string
		strata           []Pair
		tell             int
		p, within, ratio float64
	}{
		{"penicillin in rabbits", []Pair{
			stratum(0, 6, 0, 5), stratum(3, 3, 0, 6), stratum(6, 0, 2, 4), stratum(5, 1, 6, 0), stratum(2, 0, 5, 0),
		}, 3, 0.04747, 5e-6, 7},
		{"admissions to Berkeley, by department", []Pair{
			stratum(512, 313, 89, 19), stratum(353, 207, 17, 8), stratum(120, 205, 202, 391),
			stratum(138, 279, 131, 244), stratum(53, 138, 94, 299), stratum(22, 351, 24, 317),
		}, 6, 0.2323, 5e-5, 0.9046968},
	} {
		got := CochranMantelHaenszel(c.strata)
		assert.Equal(t, c.tell, got.Strata, c.name)
		assert.InDelta(t, c.p, got.P, c.within, c.name)
		require.NotNil(t, got.OddsRatio, c.name)
		assert.InDelta(t, c.ratio, *got.OddsRatio, 5e-7, c.name)
	}
}

// One host is slow and hangs often, the other one does not: pooled in unequal parts they show a
// difference that no host has.
func TestStrataAreNotConfounded(t *testing.T) {
	strata := []Pair{stratum(80, 20, 8, 2), stratum(1, 9, 10, 90)}
	assert.Less(t, Fisher(18, 110, 81, 110), 1e-6)
	assert.Greater(t, CochranMantelHaenszel(strata).P, 0.9)
}

func TestStrataThatTellNothing(t *testing.T) {
	for _, strata := range [][]Pair{nil, {{}}, {stratum(0, 5, 0, 5)}, {stratum(5, 0, 5, 0)}, {stratum(3, 3, 0, 0)}} {
		got := CochranMantelHaenszel(strata)
		assert.Equal(t, Stratified{P: 1}, got)
	}
	assert.Nil(t, CochranMantelHaenszel([]Pair{stratum(5, 5, 0, 10)}).OddsRatio, "infinite")
}
