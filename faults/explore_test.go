package faults_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/faults"
	"loopfault/faults/faulttest"
	"loopfault/workloads/wire"
)

func exploreTwo() faults.Explore {
	return faults.Explore{
		Points: []faults.Place{{Function: "victim"}, {Function: "other"}}, For: wire.Duration(time.Second),
		Changes: 3, Among: 20, Longest: 4,
	}
}

func TestExploreKeepsTheContract(t *testing.T) {
	g := newDebuggedGuest()
	faulttest.Contract(t, g, exploreTwo().Fault(), func(context.Context) {
		for range 20 {
			g.reachBy(0, victim, 0)
		}
	})
}

func TestExploreFollowsItsSchedule(t *testing.T) {
	e := exploreTwo()
	require.NoError(t, e.Schedule.UnmarshalText([]byte("2+2 6+1")))
	g := newDebuggedGuest()
	f := e.Fault()
	require.NoError(t, f.Arm(t.Context(), g))
	var what []string
	for i, at := range []uint64{victim, victim, victim + 64, victim, victim, victim + 64, victim} {
		require.NoError(t, g.reachBy(i%2, at, 0).err)
		for _, n := range g.notes {
			what = append(what, n.What+" at "+n.Where)
		}
		if g.notes = nil; len(what) <= i {
			what = append(what, "")
		}
	}
	assert.Equal(t, []string{"", "held at victim, hit 2", "", "came true at victim, hit 2", "", "held at other, hit 6", "came true at other, hit 6"}, what)
	assert.Empty(t, g.breaks, "after the last change nobody need stop")
	p, err := f.Prove(t.Context(), g)
	require.NoError(t, err)
	assert.EqualValues(t, 2, p.Landed)
	assert.Equal(t, "2+2 6+1", p.Schedule)
}

func TestExploreDrawsFromItsSeed(t *testing.T) {
	drawn := func(seed uint64) string {
		f := exploreTwo().Fault()
		f.(faults.Seeded).Seed(seed)
		g := newDebuggedGuest()
		require.NoError(t, f.Arm(t.Context(), g))
		p, err := f.Prove(t.Context(), g)
		require.NoError(t, err)
		return p.Schedule
	}
	assert.Equal(t, drawn(1), drawn(1))
	assert.NotEqual(t, drawn(1), drawn(2))
	var s faults.Schedule
	require.NoError(t, s.UnmarshalText([]byte(drawn(1))), "what is told can be asked for")
	assert.Len(t, s, 3)
}

func TestScheduleSaysWhatIsWrong(t *testing.T) {
	var s faults.Schedule
	for text, want := range map[string]string{
		"17":      `schedule: "17", want HIT+OTHERS such as 17+2`,
		"0+1":     `schedule: "0+1", want HIT+OTHERS such as 17+2`,
		"1+2x":    `schedule: "1+2x", want HIT+OTHERS such as 17+2`,
		"9+1 3+1": `schedule: "9+1 3+1", want changes in the order of their hits`,
	} {
		assert.EqualError(t, s.UnmarshalText([]byte(text)), want)
	}
}
