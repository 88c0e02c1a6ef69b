package trial

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/timeouts"
)

func TestGuestClocksMayBeSlowButNotWild(t *testing.T) {
	for _, c := range []struct{ guest, host float64 }{{0, 0}, {-1, 0}, {10, 10.2}, {3, 60}, {4, 0.1}, {20, 10}} {
		assert.NoError(t, clockFault(c.guest, c.host), "%+v", c)
	}
	assert.EqualError(t, clockFault(309, 40), "the guest's clock runs fast: 309 s of its own in 40 s of the host")
}

// The stall budget of a slow guest is longer; were that of its steps not, a hang
// would be a step that took too long.
func TestStepsOfASlowGuestMayTakeLonger(t *testing.T) {
	const budget = 50 * time.Millisecond
	slow := trial{began: time.Now()}
	slow.detectors.speed = speed{fastest: 1, recent: []float64{timeouts.MaxScale}}
	began := time.Now()
	err := slow.during(t.Context(), budget, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	require.ErrorIs(t, err, errStep)
	assert.GreaterOrEqual(t, time.Since(began), timeouts.MaxScale*budget)

	quick := trial{began: time.Now()}
	require.ErrorIs(t, quick.during(t.Context(), budget, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }), errStep)
	require.NoError(t, quick.during(t.Context(), time.Hour, func(context.Context) error { return nil }))
}
