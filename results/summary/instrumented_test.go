package summary_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/paths"
	"loopfault/results/summary"
)

func TestPathsAddUpOverTrials(t *testing.T) {
	all := drawn("a", 1, 1, "cc")
	all[0].Paths = map[string]paths.Count{"evict": {Calls: 10, Landed: 4}, "evict/exit": {Calls: 1}}
	all[1].Paths = map[string]paths.Count{"evict": {Calls: 5, Landed: 3}, "roc": {Calls: 2}}
	a := summary.Of(arms("a"), all).Arms[0]
	assert.Equal(t, paths.Count{Calls: 15, Landed: 7}, a.Paths["evict"])
	assert.Equal(t, "evict 15 (7 failed; exit 1), roc 2", a.PathLine())
}

// What is not a kernel as it is has to be said, and above all where arms differ in it.
func TestInstrumentationIsNamed(t *testing.T) {
	const parameter, poked = "replies without it: by a parameter", "replies without it: changed in memory"
	all := append(drawn("a", 1, 1, "cc"), drawn("b", 3, 1, "cc")...)
	assert.Empty(t, summary.Of(arms("a", "b"), all).Notes)
	for i := range all {
		all[i].Instrumented = []string{parameter}
	}
	assert.Equal(t, []string{"Instrumentation, the same in every arm: " + parameter + "."}, summary.Of(arms("a", "b"), all).Notes)
	all[2].Instrumented, all[3].Instrumented = []string{poked}, []string{poked}
	assert.Equal(t, []string{
		"Instrumentation of a: " + parameter + ".",
		"Instrumentation of b: " + poked + ".",
		"Arms are instrumented in different ways: a difference between them may not come from the kernels' code.",
	}, summary.Of(arms("a", "b"), all).Notes)
}
