package fleet_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/fleet"
	"loopfault/harness/timeouts"
)

// brief is an engine that is asked so many times while a shard runs.
type brief struct {
	fleet.Engine
	looks int
}

func (b *brief) Seen(context.Context) (map[int]fleet.Seen, error) {
	if b.looks--; b.looks < 0 {
		return nil, nil
	}
	return map[int]fleet.Seen{1: {State: fleet.Running}}, nil
}

func (b *brief) Cancel(context.Context) error { return nil }

// Bringing runs here may take minutes. The next look does not wait for nine times as long after that.
func TestTheNextLookDoesNotWaitForWhatWasBrought(t *testing.T) {
	f := cells(t, fleet.Order{Engine: fleet.Local, Slots: 3})
	bring := func(fleet.Status) { time.Sleep(time.Minute) }
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := f.Follow(t.Context(), &brief{looks: 1}, bring)
		require.NoError(t, err)
		assert.Equal(t, 2*time.Minute+timeouts.LocalPoll, time.Since(began))

		began = time.Now()
		_, err = f.Cancel(t.Context(), &brief{looks: 2}, bring)
		require.NoError(t, err)
		assert.Equal(t, 2*time.Minute+timeouts.LocalPoll, time.Since(began))
	})
}
