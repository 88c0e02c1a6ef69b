package store_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/store"
)

func TestShardAsText(t *testing.T) {
	var terms store.Terms
	require.NoError(t, json.Unmarshal([]byte(`{"shard": "2/8"}`), &terms))
	assert.Equal(t, store.Shard{Number: 2, Of: 8}, terms.Shard)
	text, err := json.Marshal(terms)
	require.NoError(t, err)
	assert.Contains(t, string(text), `"shard":"2/8"`)
	text, err = json.Marshal(store.Terms{})
	require.NoError(t, err)
	assert.NotContains(t, string(text), "shard")

	for text, says := range map[string]string{
		"2": "want NUMBER/OF", "2/": "want NUMBER/OF", "a/b": "want NUMBER/OF", "-1/8": "want NUMBER/OF", "1/2/3": "want NUMBER/OF",
		"1/99999999999999999999": "want NUMBER/OF", "0/8": "no shard 0 of 8", "9/8": "no shard 9 of 8", "0/0": "no shard 0 of 0",
	} {
		var s store.Shard
		assert.ErrorContains(t, s.UnmarshalText([]byte(text)), says, text)
		assert.Zero(t, s)
	}
}

func TestEachRoundIsInOneShard(t *testing.T) {
	for round := 1; round <= 40; round++ {
		in := 0
		for i := 1; i <= 8; i++ {
			if (store.Shard{Number: i, Of: 8}).Has(round) {
				in++
			}
		}
		assert.Equal(t, 1, in, round)
		assert.True(t, store.Shard{}.Has(round))
	}
}

func TestRoundsOfAShard(t *testing.T) {
	for _, c := range []struct {
		shard store.Shard
		of    int
		want  string
	}{
		{store.Shard{Number: 2, Of: 8}, 40, "rounds 2, 10, 18 …"}, {store.Shard{Number: 2, Of: 8}, 18, "rounds 2, 10, 18"},
		{store.Shard{Number: 8, Of: 8}, 8, "round 8"}, {store.Shard{Number: 3, Of: 3}, 2, "no round"},
	} {
		assert.Equal(t, c.want, c.shard.Rounds(c.of))
	}
}
