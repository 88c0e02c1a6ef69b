package session

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/harness/campaign"
	"loopfault/results/store"
	"loopfault/vmimages/kernel"
)

func TestShardFlag(t *testing.T) {
	seed := uint64(7)
	second := ShardFlag{store.Shard{Number: 2, Of: 8}}
	assert.NoError(t, ShardFlag{}.Check(0, nil), "none asked for")
	assert.NoError(t, second.Check(8, &seed))
	for says, err := range map[string]error{
		"needs --seed":        second.Check(8, nil),
		"needs --trials":      second.Check(0, &seed),
		"no more shards":      second.Check(7, &seed),
		"as many rounds":      second.Check(3, &seed),
		"--shard 2/8: a plan": second.Check(1, &seed),
	} {
		require.ErrorContains(t, err, says)
		assert.Equal(t, errs.Usage, errs.ClassOf(err))
	}
}

// A shard goes on only with what is the same campaign in everything.
func TestShardKnowsItsRun(t *testing.T) {
	terms := store.Terms{Seed: 1, Trials: 8, Shard: store.Shard{Number: 1, Of: 2}}
	other := terms
	assert.True(t, sameTerms(terms, other))
	other.Shard.Number = 2
	assert.False(t, sameTerms(terms, other))
	other = terms
	other.Trials = 9
	assert.False(t, sameTerms(terms, other))

	// One that an older version began goes on as that dealt rounds out.
	other = terms
	other.Deal = store.DealApart
	assert.False(t, sameTerms(terms, other))
	assert.True(t, sameShard(terms, other))
	other.Shard.Number = 2
	assert.False(t, sameShard(terms, other))

	assert.True(t, sameJSON(json.RawMessage("{\n  \"a\": 1\n}"), json.RawMessage(`{"a":1}`)))
	assert.False(t, sameJSON(json.RawMessage(`{"a":2}`), json.RawMessage(`{"a":1}`)))
	assert.False(t, sameJSON(nil, json.RawMessage(`{"a":1}`)))

	was := []store.Arm{{Name: "a", KernelHash: "1"}}
	assert.True(t, sameArms(was, []campaign.Arm{{Name: "a", Kernel: kernel.Build{ImageHash: "1"}}}))
	for _, is := range [][]campaign.Arm{
		{}, {{Name: "b", Kernel: kernel.Build{ImageHash: "1"}}}, {{Name: "a", Kernel: kernel.Build{ImageHash: "2"}}},
		{{Name: "a", Kernel: kernel.Build{ImageHash: "1"}, Control: true}},
	} {
		assert.False(t, sameArms(was, is))
	}
}
