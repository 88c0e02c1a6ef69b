package store_test

import (
	"encoding/json"
	"slices"
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
	for _, deal := range []store.Deal{store.DealInTurn, store.DealApart} {
		for _, of := range []int{1, 4, 5, 8} {
			in := map[int]int{}
			for i := 1; i <= of; i++ {
				s := store.Shard{Number: i, Of: of}
				for round := range deal.Rounds(s, 43) {
					assert.True(t, deal.Has(s, round), "%d in %s", round, s)
					in[round]++
				}
			}
			for round := 1; round <= 43; round++ {
				assert.Equal(t, 1, in[round], round)
				assert.True(t, deal.Has(store.Shard{}, round))
			}
			assert.Len(t, in, 43)
			assert.Len(t, slices.Collect(deal.Rounds(store.Shard{}, 43)), 43)
		}
	}
}

func TestRoundsOfAShard(t *testing.T) {
	for _, c := range []struct {
		shard store.Shard
		deal  store.Deal
		of    int
		want  string
	}{
		{store.Shard{Number: 2, Of: 8}, store.DealInTurn, 40, "rounds 2, 10, 18 …"}, {store.Shard{Number: 2, Of: 8}, store.DealInTurn, 18, "rounds 2, 10, 18"},
		{store.Shard{Number: 8, Of: 8}, store.DealInTurn, 8, "round 8"}, {store.Shard{Number: 3, Of: 3}, store.DealInTurn, 2, "no round"},
		{store.Shard{Number: 5, Of: 5}, store.DealApart, 20, "rounds 5, 6, 12 …"}, {store.Shard{Number: 2, Of: 5}, store.DealApart, 20, "rounds 2, 8, 14 …"},
		{store.Shard{Number: 1, Of: 5}, store.DealApart, 1, "round 1"}, {store.Shard{Number: 2, Of: 5}, store.DealApart, 1, "no round"},
	} {
		assert.Equal(t, c.want, store.Terms{Shard: c.shard, Trials: c.of, Deal: c.deal}.RoundsOfShard())
	}
}

// What a later version writes is refused, and not taken for something else.
func TestWayToDealAsText(t *testing.T) {
	var terms store.Terms
	require.NoError(t, json.Unmarshal([]byte(`{"shard": "2/8", "deal": "controls apart"}`), &terms))
	assert.Equal(t, store.DealApart, terms.Deal)
	require.ErrorContains(t, json.Unmarshal([]byte(`{"deal": "by weight"}`), &terms), `deal "by weight": this loopfault knows no such way`)
	terms.Cut(store.Shard{})
	assert.Equal(t, store.Terms{}, terms)
}
