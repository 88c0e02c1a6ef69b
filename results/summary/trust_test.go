package summary_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/summary"
	"loopfault/results/verdict"
)

func TestControlThatDoesNotHangTakesTheTrustAway(t *testing.T) {
	s := summary.Of(arms("stock", "control"), append(trials("stock", 3, verdict.Clean), trials("control", 3, verdict.Clean)...))
	assert.False(t, s.Trusted)
	assert.Contains(t, s.Problem, "control arm control did not hang")
}

func TestControlThatStopsHanging(t *testing.T) {
	for _, c := range []struct {
		control string
		trusted bool
	}{
		{"hhhhhhhhhcccc", false}, // 1 order in C(13, 4) = 715
		{"hhhhhhhhhcc", false},   // 1 in 55
		{"hhhhhhhhhc", true},     // 1 in 10: may be chance
		{"hhhccc", true},         // 1 in 20
		{"hhhcccc", false},       // 1 in 35
		{"hhhciicic", true},      // 1 in 20: what does not count changes nothing
		{"hhhciccc", false},
		{"hcccccccc", true},   // one hang may well come first
		{"ccchccchccc", true}, // C(8, 2) in C(11, 2)
		{"cccch", true},       // and still does
		{"hhhhcccch", true},   // came back
		{"", true},
	} {
		s := summary.Of(arms("stock", "control"), drawn("control", 2, 2, c.control))
		assert.Equal(t, c.trusted, s.Trusted, "%s: %s", c.control, s.Problem)
	}
	shuffled := drawn("control", 2, 2, "hhhhhhhhhcccc")
	slices.Reverse(shuffled)
	assert.Contains(t, summary.Of(arms("stock", "control"), shuffled).Problem,
		"control arm control hung in 9 of its first 9 trials and in none of the last 4", "the order is that of the plan")
}

// A control that goes on at its rate is called broken in no more than 5 % of all
// campaigns, however rarely it hangs.
func TestSteadyControlIsSeldomDoubted(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, rate := range []float64{.1, .3, .6, .9} {
		const campaigns = 1000
		doubted := 0
		for range campaigns {
			letters := []byte("hccccccccccccccc") // hung once: else it is doubted for that
			for i := range letters {
				if rng.Float64() < rate {
					letters[i] = 'h'
				}
			}
			rng.Shuffle(len(letters), func(i, j int) { letters[i], letters[j] = letters[j], letters[i] })
			if !summary.Of(arms("control"), drawn("control", 1, 1, string(letters))).Trusted {
				doubted++
			}
		}
		assert.LessOrEqual(t, float64(doubted)/campaigns, .05, "rate %v", rate)
	}
}

func TestArmWithoutFaultsMustNotHang(t *testing.T) {
	m := arms("stock", "quiet", "control")
	m.Arms[1].NoFault = true
	for letters, want := range map[string]string{
		"cccc": "",
		"":     "",
		"chcc": "arm quiet hangs without any fault: hangs in 1 and crashes in 0 of 4 trials",
		"cxic": "arm quiet crashes without any fault: hangs in 0 and crashes in 1 of 3 trials",
	} {
		s := summary.Of(m, drawn("quiet", 1, 1, letters))
		assert.Equal(t, want == "", s.Trusted)
		assert.Contains(t, s.Problem, want)
	}

	both := summary.Of(m, slices.Concat(drawn("quiet", 1, 2, "h"), drawn("control", 2, 2, "ccc")))
	assert.Len(t, both.Problems, 2)
	assert.Contains(t, both.Problem, both.Problems[0])
	assert.Contains(t, both.Problem, both.Problems[1])
}
