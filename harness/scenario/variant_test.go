package scenario_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/scenario"
)

const varied = `name: small
title: The least that is allowed
applies: {vers: ["4.1", "4.2"], fs: [xfs, ext4], why: it needs sessions}
workloads:
  - evict: {processes: 0, every: 1s}
  - recall: {files: 1, every: 1s}
run: 5s
variants:
  quick: {run: 2s}
  one: {workloads: [{evict: {processes: 0, every: 3s}}], export: {threads: 1}}
`

func variedFile(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "small.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

func TestVariantsChangeOnlyWhatTheySay(t *testing.T) {
	path := variedFile(t, varied)
	s, _, err := scenario.Find(path + ":quick,vers=4.1,fs=ext4")
	require.NoError(t, err)
	assert.Equal(t, 2*time.Second, s.Run.D())
	assert.Equal(t, "4.1", s.Mount.Vers)
	assert.Equal(t, "ext4", s.Export.FS)
	assert.Len(t, s.Workloads, 2)
	assert.Equal(t, "small:quick,vers=4.1,fs=ext4", s.Ref().String())
	stored, err := json.Marshal(s)
	require.NoError(t, err)
	assert.Contains(t, string(stored), `"variant":"quick,vers=4.1,fs=ext4"`, "manifests keep the text")

	s, _, err = scenario.Find(path + ":one")
	require.NoError(t, err)
	assert.Len(t, s.Workloads, 1, "lists are replaced")
	assert.Equal(t, 1, s.Export.Threads)
	assert.Equal(t, "xfs", s.Export.FS, "what a variant is silent about stays")
	assert.Equal(t, 5*time.Second, s.Run.D())

	s, _, err = scenario.Find(path)
	require.NoError(t, err)
	assert.Len(t, s.Workloads, 2, "variants leave the scenario alone")
	assert.Equal(t, 8, s.Export.Threads)
	assert.Equal(t, "small", s.Ref().String())
}

func TestChoicesThatDoNotApplySayWhy(t *testing.T) {
	path := variedFile(t, varied)
	for choice, want := range map[string]string{
		"vers=4.0":   "scenario small is not applicable: vers 4.0, want 4.1, 4.2: it needs sessions",
		"soak":       `scenario small is not applicable: it has no variant "soak"; it has one, quick`,
		"vers=5":     `scenario small: vers is "5", want one of 3, 4.0, 4.1, 4.2`,
		"kernel=new": "scenario " + path + `: nothing of it is named "kernel", want one of fault-backend, schedule, vers, fs, layout, localio, sec, run, without, processes`,
	} {
		_, _, err := scenario.Find(path + ":" + choice)
		assert.EqualError(t, err, want)
	}
	var not *scenario.NotApplicable
	_, _, err := scenario.Find(path + ":vers=4.0")
	assert.ErrorAs(t, err, &not)
}

func TestVariantsAreCheckedWithTheirScenario(t *testing.T) {
	for add, want := range map[string]string{
		"  bad: {run: 1ms}\n":  "small.yaml:11: variants.bad.run: is 1ms, want 1s to 24h",
		"  bad: {rum: 1s}\n":   `small.yaml:11: unknown field "rum", did you mean "run"?`,
		"  bad: {title: no}\n": `small.yaml:11: field "title" does not belong here`,
		"control: a b\n":       `small.yaml:11: control: is "a b", want the name of a kernel`,
	} {
		_, err := scenario.Parse("small.yaml", []byte(varied+add))
		assert.ErrorContains(t, err, want)
	}
	_, err := scenario.Parse("small.yaml", []byte("applies: {vers: [\"3\"]}\n"+minimal))
	assert.ErrorContains(t, err, "small.yaml:1: applies.vers: lacks the scenario's own, 4.2")
}

// A field that a variant does not name is the scenario's: to have the default again takes its
// value.
func TestVariantsTakeSettingsBack(t *testing.T) {
	for _, name := range []string{"open-evict", "reexport-starved:slots"} {
		s, _, err := scenario.Find(name)
		require.NoError(t, err)
		assert.NotZero(t, s.Mount.SessionSlots, name)
	}
	for _, name := range []string{"open-evict:slots", "reexport-starved"} {
		s, _, err := scenario.Find(name)
		require.NoError(t, err)
		assert.Zero(t, s.Mount.SessionSlots, name)
		assert.Equal(t, "4.2", s.Mount.Vers, name)
	}
}
