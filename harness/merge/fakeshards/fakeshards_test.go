package fakeshards_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/merge/fakeshards"
	"loopfault/results/store"
)

// Fleets are followed while their trials are made up: a run that is written anew can be read at any moment.
func TestRunsCanBeReadWhileTheyAreMade(t *testing.T) {
	t.Parallel()
	dir, spec := t.TempDir(), fakeshards.Spec{Trials: 4, Seed: 1, Part: "night/one", Arm: "stock"}
	_, err := spec.Shard(dir, 1, 0)
	require.NoError(t, err)
	st, err := store.Find(dir)
	require.NoError(t, err)
	made := make(chan error)
	go func() {
		var err error
		for done := 0; done < 60 && err == nil; done++ {
			_, err = spec.Shard(dir, 1, done%4)
		}
		made <- err
	}()
	for {
		_, found, err := st.FindPart(spec.Part)
		require.NoError(t, err)
		assert.True(t, found)
		select {
		case err := <-made:
			require.NoError(t, err)
			return
		default:
		}
	}
}
