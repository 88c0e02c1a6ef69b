package matrix_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/matrix"
	"loopfault/harness/scenario"
	"loopfault/results/store"
)

func request() matrix.Request {
	return matrix.Request{Scenarios: []scenario.Ref{{Source: "lease-loss"}, {Source: "open-evict"}}, Kernels: []string{"stock", "other"}, Vers: []string{"4.0", "4.1", "4.2"}, Trials: 2, Seed: 5}
}

// Each cell that runs is in one shard, and shards have as many, give or take one.
func TestCellsAreDealtOut(t *testing.T) {
	whole, err := request().Cells()
	require.NoError(t, err)
	in := make([]int, len(whole))
	for number := 1; number <= 3; number++ {
		r := request()
		r.Shard = store.Shard{Number: number, Of: 3}
		cells, err := r.Cells()
		require.NoError(t, err)
		own := 0
		for i, c := range cells {
			if c.State == matrix.Waiting {
				in[i]++
				own++
				continue
			}
			if whole[i].State == matrix.Waiting {
				assert.Equal(t, matrix.OtherShard, c.State)
				c.State = matrix.Waiting
			}
			assert.Equal(t, whole[i], c)
		}
		waiting := 0
		for _, c := range whole {
			if c.State == matrix.Waiting {
				waiting++
			}
		}
		assert.InDelta(t, waiting/3, own, 1)
	}
	for i, c := range whole {
		assert.Equal(t, c.State == matrix.Waiting, in[i] == 1, c)
	}
	r := request()
	r.Shard = store.Shard{Number: 99, Of: 99}
	_, err = r.Cells()
	assert.ErrorContains(t, err, "shard 99 of 99 has no cell")
}

func TestMatrixOfTheSameRequestIsFound(t *testing.T) {
	dir := t.TempDir()
	r := request()
	r.Shard = store.Shard{Number: 2, Of: 3}
	none, err := matrix.OpenSame(dir, r)
	require.NoError(t, err)
	assert.Nil(t, none)
	rec, err := matrix.NewRecord(dir, r, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	require.NoError(t, err)
	other := r
	other.Shard.Number = 1
	_, err = matrix.NewRecord(dir, other, time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC))
	require.NoError(t, err)
	again, err := matrix.OpenSame(dir, r)
	require.NoError(t, err)
	require.NotNil(t, again)
	assert.Equal(t, rec.Name(), again.Name())

	var out strings.Builder
	again.Fprint(&out)
	assert.Regexp(t, `shard 2 of 3; cells in other shards: \d+`, out.String())
}
