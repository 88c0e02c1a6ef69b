package scenario_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/faults"
	"loopfault/harness/scenario"
)

func ref(t *testing.T, text string) scenario.Ref {
	t.Helper()
	r, err := scenario.ParseRef(text)
	require.NoError(t, err)
	return r
}

// What is typed is what records and manifests keep, and is read again as the same values.
func TestRefsAreValuesWithOneText(t *testing.T) {
	for text, want := range map[string]scenario.Ref{
		"dirty-limit":                {Source: "dirty-limit"},
		"./some.yaml":                {Source: "./some.yaml"},
		"../a:b/some.yaml":           {Source: "../a:b/some.yaml"},
		"dirty-limit:quick,vers=4.0": {Source: "dirty-limit", Choices: scenario.Choices{scenario.Variant("quick"), scenario.Vers("4.0")}},
		"x:fs=ext4,fault-backend=callsite,schedule=3+1 9+2": {Source: "x", Choices: scenario.Choices{
			scenario.FS("ext4"), scenario.Callsite, scenario.Schedule(faults.Schedule{{At: 3, Others: 1}, {At: 9, Others: 2}}),
		}},
		"x:run=1m30s,without=recall,processes=2": {Source: "x", Choices: scenario.Choices{
			scenario.Run(90 * time.Second), scenario.Without("recall"), scenario.Processes(2),
		}},
		"x:": {Source: "x", Choices: scenario.Choices{scenario.Variant("")}},
		"":   {},
	} {
		got := ref(t, text)
		assert.Equal(t, want, got, text)
		assert.Equal(t, text, got.String())
		stored, err := json.Marshal(map[string]any{"scenario": got, "variant": got.Choices})
		require.NoError(t, err)
		var read struct {
			Scenario scenario.Ref
			Variant  scenario.Choices
		}
		require.NoError(t, json.Unmarshal(stored, &read))
		assert.Equal(t, got, read.Scenario, text)
		if len(got.Choices) > 0 && got.Choices.String() != "" {
			assert.Equal(t, got.Choices, read.Variant, text)
		}
	}
	assert.Equal(t, "x:quick,vers=4.1", ref(t, "x").With(scenario.Variant("quick")).With(scenario.Vers("4.1")).String())
}

func TestRefsOfChoicesThatDoNotExist(t *testing.T) {
	for text, want := range map[string]string{
		"x:quick,kernel=new": `scenario x: nothing of it is named "kernel", want one of fault-backend, schedule, vers, fs, layout, localio, sec, run, without, processes`,
		"x:processes=few":    `scenario x: processes is "few", want a number`,
		"x:run=":             `scenario x: "" is not a duration: want Go form, as in 500ms or 1m30s`,
		"x:schedule=3":       `scenario x: schedule: "3", want HIT+OTHERS such as 17+2`,
	} {
		_, err := scenario.ParseRef(text)
		assert.EqualError(t, err, want)
		assert.Error(t, json.Unmarshal([]byte(`"`+text+`"`), new(scenario.Ref)), "a record that names it is unreadable")
	}
}

func TestAFileWithAColonInItsName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "small:quick")
	require.NoError(t, os.WriteFile(path, nil, 0o644))
	assert.Equal(t, scenario.Ref{Source: path}, ref(t, path))
}

// Two references that grow out of one must not share its memory.
func TestRefsDoNotShareChoices(t *testing.T) {
	base := ref(t, "x:a,b,c")
	one, two := base.With(scenario.Variant("one")), base.With(scenario.Variant("two"))
	assert.Equal(t, "x:a,b,c,one", one.String())
	assert.Equal(t, "x:a,b,c,two", two.String())
}
