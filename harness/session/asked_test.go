package session

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/results/store"
)

// What ends a campaign is never left open by chance.
func TestAskedIsCompleted(t *testing.T) {
	for _, c := range []struct {
		terms store.Terms
		want  int
	}{{store.Terms{}, 3}, {store.Terms{Trials: 7}, 7}, {store.Terms{For: store.Duration(time.Minute)}, 0}, {store.Terms{Until: store.UntilHang}, 0}} {
		a := Asked{Terms: c.terms}
		require.NoError(t, a.Complete())
		assert.Equal(t, c.want, a.Terms.Trials, "%+v", c.terms)
		require.NotNil(t, a.Seed)
		assert.Equal(t, *a.Seed, a.Terms.Seed)
	}
	a := Asked{Terms: store.Terms{For: store.Duration(-time.Second)}}
	err := a.Complete()
	assert.ErrorContains(t, err, "--for is -1s")
	assert.Equal(t, errs.Usage, errs.ClassOf(err))
	a = Asked{Shard: ShardFlag{store.Shard{Number: 1, Of: 2}}}
	assert.ErrorContains(t, a.Complete(), "--shard needs --seed")
}
