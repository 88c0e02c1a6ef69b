package store_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/store"
	"loopfault/results/verdict"
)

func manifest() store.Manifest {
	return store.Manifest{
		Name: "scen", Scenario: []byte(`{}`), Started: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC),
		Arms: []store.Arm{{Name: "a"}},
	}
}

func TestRunsSortByTimeAndLatestFollows(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "results")
	s, err := store.Open(dir)
	require.NoError(t, err)
	first, err := s.Create(manifest())
	require.NoError(t, err)
	second, err := s.Create(manifest())
	require.NoError(t, err)
	assert.Equal(t, "20261121-100000-scen", first.Name)
	assert.Equal(t, "20261121-100000-scen.2", second.Name, "two in one second")
	latest, err := os.Readlink(filepath.Join(dir, "latest"))
	require.NoError(t, err)
	assert.Equal(t, second.Name, latest)

	runs, err := s.List()
	require.NoError(t, err)
	require.Len(t, runs, 2, "latest is no run of its own")
	assert.Equal(t, first.Name, runs[0].Manifest.Run)
	assert.Empty(t, runs[0].Problem)
}

func TestTrialIsReadBackWhole(t *testing.T) {
	s, err := store.Open(t.TempDir())
	require.NoError(t, err)
	r, err := s.Create(manifest())
	require.NoError(t, err)
	dir, err := r.Trial(3)
	require.NoError(t, err)
	assert.DirExists(t, filepath.Join(dir, "evidence"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "console.log"), []byte("x"), 0o644))
	want := store.Trial{Planned: store.Planned{N: 3, Arm: "a", Seed: 1 << 63}}
	want.Verdict = verdict.Verdict{Kind: verdict.Hang, Title: "t", Signature: "s", Detectors: []string{"d"}}
	want.Exercised, want.Landed = 7, 3
	require.NoError(t, r.WriteTrial(want))

	runs, err := s.List()
	require.NoError(t, err)
	require.Len(t, runs[0].Trials, 1)
	assert.Equal(t, want, runs[0].Trials[0])

	_, err = r.Trial(3)
	require.NoError(t, err)
	assert.NoFileExists(t, filepath.Join(dir, "verdict.json"), "another attempt starts from nothing")
	assert.NoFileExists(t, filepath.Join(dir, "console.log"))
}

func TestBrokenRunsAreListedWithTheirProblem(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(dir)
	require.NoError(t, err)
	good, err := s.Create(manifest())
	require.NoError(t, err)
	_, err = good.Trial(1)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(good.TrialDir(1), "verdict.json"), []byte(`{"n": `), 0o644))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "20990101-000000-empty"), 0o755))
	old := filepath.Join(dir, "20990102-000000-old")
	require.NoError(t, os.Mkdir(old, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(old, "manifest.json"), []byte(`{"format": 0}`), 0o644))

	runs, err := s.List()
	require.NoError(t, err)
	require.Len(t, runs, 3)
	assert.Contains(t, runs[0].Problem, "verdict.json")
	assert.Contains(t, runs[1].Problem, "manifest.json")
	assert.Contains(t, runs[2].Problem, "format 0")
}

func TestDirectoryThatCannotBeWrittenIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	_, err := store.Open(file)
	assert.ErrorContains(t, err, file)
	_, err = store.Open("/proc/results")
	assert.ErrorContains(t, err, "/proc/results")
	_, err = store.Find(filepath.Join(t.TempDir(), "none"))
	assert.ErrorContains(t, err, "results directory")
}

// A run is one once it has its manifest, and has by then what it is resumed with.
func TestManifestComesLast(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(dir)
	require.NoError(t, err)
	_, err = s.Create(manifest(), store.File{Name: "not/there/scenario.yaml", Text: []byte("name: x")})
	require.Error(t, err)
	found, err := filepath.Glob(filepath.Join(dir, "*", "manifest.json"))
	require.NoError(t, err)
	assert.Empty(t, found)
	assert.NoFileExists(t, filepath.Join(dir, "latest"))

	r, err := s.Create(manifest(), store.File{Name: "scenario.yaml", Text: []byte("name: x")})
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(r.Dir, "scenario.yaml"))
	require.NoError(t, err)
	assert.Equal(t, "name: x", string(text))
}

// The terms of a run stand in its manifest beside the rest, and the time bound in words.
func TestTermsAreKeptAsTheyWereGiven(t *testing.T) {
	m := manifest()
	m.Terms = store.Terms{Seed: 7, Trials: 3, For: store.Duration(90 * time.Minute), Cold: true}
	text, err := json.Marshal(m)
	require.NoError(t, err)
	assert.Contains(t, string(text), `"seed":7,"trials":3,"for":"1h30m0s","cold":true`)
	var back store.Manifest
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, m.Terms, back.Terms)
	assert.Error(t, json.Unmarshal([]byte(`{"for":"soon"}`), &back))
	text, err = json.Marshal(manifest())
	require.NoError(t, err)
	assert.NotContains(t, string(text), `"for"`)
}
