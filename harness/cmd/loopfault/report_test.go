package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/report/fakerun"
	"loopfault/results/store"
)

// storeWith makes a results directory with one run.
func storeWith(t *testing.T, spec fakerun.Spec) (string, *store.Run) {
	t.Helper()
	dir := t.TempDir()
	st, err := store.Open(dir)
	require.NoError(t, err)
	run, err := fakerun.Make(st, spec)
	require.NoError(t, err)
	return dir, run
}

func TestReportFormats(t *testing.T) {
	dir, run := storeWith(t, fakerun.Spec{Trials: 20, Signatures: 1})
	for format, begins := range map[string]string{
		"text": "\nscenario made-up\n", "html": "<!doctype html>", "json": "{\n  \"scenario\": \"made-up\"", "mail": "stock hung in ", "markdown": "# loopfault: made\\-up\n",
		"junit": "<?xml version=", "ktap": "KTAP version 1\n1..4\n", "kcidb": "{\n  \"version\": {\n    \"major\": 5,",
	} {
		out, err := loopfault(t.Context(), t, "report", "--results", dir, run.Name, "--format", format).Output()
		require.NoError(t, err, format)
		assert.True(t, strings.HasPrefix(string(out), begins), "%s: %.60q", format, out)
	}
	page, err := os.ReadFile(filepath.Join(run.Dir, "report.html"))
	require.NoError(t, err, "html mends the run's own page")
	assert.Contains(t, string(page), `href="trials/0001/history.jsonl"`)
}

// A page that lies elsewhere leads to the run's files all the same.
func TestPageElsewhere(t *testing.T) {
	dir, run := storeWith(t, fakerun.Spec{Trials: 5})
	out := filepath.Join(dir, "deep", "page.html")
	require.NoError(t, os.Mkdir(filepath.Dir(out), 0o755))
	require.NoError(t, loopfault(t.Context(), t, "report", "--results", dir, "latest", "--format", "html", "-o", out).Run())
	page, err := os.ReadFile(out)
	require.NoError(t, err)
	assert.Contains(t, string(page), `href="../`+run.Name+`/manifest.json"`)
}
