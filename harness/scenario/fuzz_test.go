package scenario_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"loopfault/harness/scenario"
	"loopfault/workloads/scenarios"
)

// FuzzScenario: a scenario that is taken can be stored, and its variants with it; one that is not is told why.
func FuzzScenario(f *testing.F) {
	for _, name := range scenarios.Names() {
		text, _ := scenarios.Text(name)
		f.Add([]byte(text))
	}
	for _, text := range []string{"", "name: [", "a: &a [*a]", "name: x\nworkloads: [{evict: {processes: 99999999999999999999}}]\n", "name: x\nrun: 99999999h\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := scenario.Parse("fuzz.yaml", text)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		_, err = json.Marshal(s)
		require.NoError(t, err)
		s.KernelArgs()
		s.Allowance()
	})
}
