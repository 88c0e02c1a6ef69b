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

// renameOrder holds who comes to victim until another comes to the allocator with the
// same first argument.
func renameOrder() faults.Order {
	return faults.Order{
		Hold: faults.Place{Function: "victim"}, Until: &faults.Place{Function: "__kmalloc_cache_noprof"},
		Same: 1, Linger: wire.Duration(2 * time.Millisecond), For: wire.Duration(time.Second),
		Choice: faults.Choice{Probability: 100, Times: 3},
	}
}

func TestOrderKeepsTheContract(t *testing.T) {
	g := newDebuggedGuest()
	faulttest.Contract(t, g, renameOrder().Fault(), func(context.Context) {
		g.reachBy(0, victim, 7)
		g.reachBy(1, kmalloc, 7)
	})
}

func TestOrderHoldsUntilTheOtherCame(t *testing.T) {
	g := newDebuggedGuest()
	f := renameOrder().Fault()
	require.NoError(t, f.Arm(t.Context(), g))
	assert.NotContains(t, g.breaks, uint64(kmalloc), "the other place does not matter yet")
	require.NoError(t, g.reachBy(0, victim, 7).err)
	assert.Equal(t, time.Second, g.held)
	assert.Contains(t, g.breaks, uint64(kmalloc))
	assert.Empty(t, g.notes)

	g.reachBy(1, kmalloc, 8)
	g.reachBy(0, kmalloc, 7)
	assert.Empty(t, g.notes, "it was about something else, or was the one that is held")
	g.held = 0
	require.NoError(t, g.reachBy(1, victim, 9).err)
	assert.Zero(t, g.held, "one is held at a time")

	require.NoError(t, g.reachBy(1, kmalloc, 7).err)
	assert.Equal(t, 2*time.Millisecond, g.linger)
	require.Len(t, g.notes, 1)
	assert.Equal(t, "came true", g.notes[0].What)
	assert.Equal(t, 0, g.notes[0].CPU)
	assert.NotContains(t, g.breaks, uint64(kmalloc), "it does not matter any more")
	p, err := f.Prove(t.Context(), g)
	require.NoError(t, err)
	assert.EqualValues(t, 1, p.Landed)
}

// What did not come true has not landed.
func TestOrderThatExpiresHasNotLanded(t *testing.T) {
	g := newDebuggedGuest()
	f := renameOrder().Fault()
	require.NoError(t, f.Arm(t.Context(), g))
	g.reachBy(0, victim, 7)
	require.NoError(t, g.over(true))
	assert.Equal(t, "expired", g.notes[0].What)
	assert.NotContains(t, g.breaks, uint64(kmalloc))

	g.single = true
	require.NoError(t, g.reachBy(0, victim, 7).err)
	p, err := f.Prove(t.Context(), g)
	require.NoError(t, err)
	assert.Equal(t, faults.Proof{Counts: map[string]int64{"order/victim/came": 2, "order/victim/held": 1, "order/victim/expired": 1, "order/victim/alone": 1}}, p)
}

// Without a second place it is a delay, drawn from the seed, and over when its time is.
func TestOrderWithoutUntilDelays(t *testing.T) {
	drawn := func(seed uint64) (all []time.Duration) {
		g := newDebuggedGuest()
		o := faults.Order{Hold: faults.Place{Function: "victim", Call: 2}, For: wire.Duration(time.Second), Choice: faults.Choice{Probability: 100, Times: 3}}
		f := o.Fault()
		f.(faults.Seeded).Seed(seed)
		require.NoError(t, f.Arm(t.Context(), g))
		for range 5 {
			if g.held = 0; g.reachBy(0, lastAlloc, 0).err == nil && g.held > 0 {
				all = append(all, g.held)
				require.NoError(t, g.over(true))
			}
		}
		p, err := f.Prove(t.Context(), g)
		require.NoError(t, err)
		assert.EqualValues(t, 3, p.Landed)
		return all
	}
	assert.Equal(t, drawn(1), drawn(1))
	assert.Len(t, drawn(1), 3)
	assert.NotEqual(t, drawn(1), drawn(2))
}
