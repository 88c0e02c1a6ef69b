package explore_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/faults"
	"loopfault/harness/explore"
)

func parse(t *testing.T, text string) (s faults.Schedule) {
	t.Helper()
	require.NoError(t, s.UnmarshalText([]byte(text)))
	return s
}

// A bug that needs two of four changes, one of them long.
func TestShrinkLeavesWhatIsNeeded(t *testing.T) {
	needs := func(s faults.Schedule) (bool, error) {
		first, second := false, false
		for _, c := range s {
			first = first || c.At == 5 && c.Others >= 3
			second = second || c.At == 9
		}
		return first && second, nil
	}
	small, err := explore.Shrink(parse(t, "2+1 5+3 9+4 30+2"), needs)
	require.NoError(t, err)
	assert.Equal(t, "5+3 9+1", small.String())
}

func TestShrinkNeverEndsWithNothing(t *testing.T) {
	small, err := explore.Shrink(parse(t, "2+2 5+3"), func(faults.Schedule) (bool, error) { return true, nil })
	require.NoError(t, err)
	assert.Equal(t, "2+1", small.String(), "by itself it does not happen, or nobody would explore")
}

func TestShrinkKeepsWhatItHasWhenTriesEnd(t *testing.T) {
	over := errors.New("interrupted")
	tries := 0
	small, err := explore.Shrink(parse(t, "2+1 5+1 9+1"), func(faults.Schedule) (bool, error) {
		if tries++; tries > 1 {
			return false, over
		}
		return true, nil
	})
	assert.ErrorIs(t, err, over)
	assert.Equal(t, "2+1 5+1", small.String())
}
