package summary_test

import (
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
		{"hhhhhhhhhcccc", false}, // 10/11 before: (1/11)^4
		{"hhhhhhhhhcc", false},   // (1/11)^2 = 0.008
		{"hhhhhhhhhc", true},     // 1/11: may be chance
		{"hcccc", false},         // 2/3 before, (1/3)^4
		{"hcc", true},            // (1/3)^2 = 0.11
		{"hcicicc", false},       // what does not count changes nothing: (1/3)^4
		{"hciicii", true},
		{"ccchccchccc", true}, // hangs in 2 of 8: 3/10, (7/10)^3
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
