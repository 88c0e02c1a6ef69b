// Package faulttest is the contract that every fault keeps, as a test to run
// against a fake guest in milliseconds and against a real one.
package faulttest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/faults"
)

// Contract checks what holds for any fault on any guest. provoke makes the
// fault's condition come true in the guest while it is armed; it must land at
// least once then, and never before Arm or after Disarm.
func Contract(t *testing.T, target faults.Target, f faults.Fault, provoke func(ctx context.Context)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()

	assert.NotEmpty(t, f.Describe())
	assert.NotContains(t, f.Describe(), "\n", "a description is one line")

	require.NoError(t, f.Arm(ctx, target), "arm")
	before, err := f.Prove(ctx, target)
	require.NoError(t, err, "prove")
	assert.Zero(t, before.Landed, "armed is not landed")

	provoke(ctx)
	landed, err := f.Prove(ctx, target)
	require.NoError(t, err)
	assert.Positive(t, landed.Landed, "provoked, so it landed: %+v", landed)
	assert.NotEmpty(t, landed.Counts, "the proof names its counters")

	require.NoError(t, f.Disarm(ctx, target), "disarm")
	atRest, err := f.Prove(ctx, target)
	require.NoError(t, err, "a disarmed fault can still be proved")
	assert.GreaterOrEqual(t, atRest.Landed, landed.Landed, "nothing that landed is forgotten")
	provoke(ctx)
	after, err := f.Prove(ctx, target)
	require.NoError(t, err)
	assert.Equal(t, atRest.Landed, after.Landed, "disarmed, so nothing lands")
	require.NoError(t, f.Disarm(ctx, target), "disarming twice is harmless")
}

// Once provokes an outage once, if it is armed.
func Once(ctx context.Context, target faults.Target, o faults.Outage) {
	if _, err := o.Begin(ctx, target); err == nil {
		_, _ = o.End(ctx, target) // the proof shows its effect
	}
}
