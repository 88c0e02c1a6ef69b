package summary_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/observe"
	"loopfault/results/summary"
)

func TestClaimsInWords(t *testing.T) {
	for want, o := range map[string]observe.Observed{
		"seen 29 times in 3 of 4 trials, of 73 chances":                           {Seen: 29, Trials: 3, Chances: 73},
		"never seen in 1 chance":                                                  {Chances: 1},
		"not known: no such function":                                             {Unknown: "no such function", UnknownIn: 4},
		"seen 1 time in 1 of 4 trials, of 9 chances; not known in 1 trial: x":     {Seen: 1, Trials: 1, Chances: 9, Unknown: "x", UnknownIn: 1},
		"never seen in 9 chances; not known in 2 trials: fields were not as read": {Chances: 9, Unknown: "fields were not as read", UnknownIn: 2},
	} {
		assert.Equal(t, want, summary.ClaimCell{Observed: o, Counted: 4}.String())
	}
}
