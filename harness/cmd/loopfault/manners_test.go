package main

import (
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func grammarOf(t *testing.T) *kong.Kong {
	t.Helper()
	var c cli
	k, err := newParser(&c, io.Discard, os.Stderr)
	require.NoError(t, err)
	return k
}

// Every command has examples, and every example is one that the grammar takes.
func TestExamplesAreTaken(t *testing.T) {
	known := map[string]bool{}
	for _, n := range grammarOf(t).Model.Leaves(true) {
		path := n.Path()
		known[path] = true
		require.NotEmpty(t, examples[path], "%s: no example in examples.go", path)
		for _, e := range examples[path] {
			_, line, _ := strings.Cut(e[0], "loopfault ")
			line, _, _ = strings.Cut(line, ">")
			line, _, _ = strings.Cut(line, "|")
			assert.True(t, strings.HasPrefix(line, path), e[0])
			_, err := grammarOf(t).Parse(strings.Fields(line))
			assert.NoError(t, err, e[0])
		}
	}
	for path := range examples {
		assert.True(t, known[path], "%s is no command", path)
	}
}

func TestHelpShowsExamples(t *testing.T) {
	out, err := loopfault(t.Context(), t, "list", "--help").Output()
	require.NoError(t, err)
	assert.Contains(t, string(out), "loopfault list --scenario lease --last 5 --json")
}

func TestManNamesEveryCommandAndFlag(t *testing.T) {
	out, err := loopfault(t.Context(), t, "man").Output()
	require.NoError(t, err)
	text := strings.NewReplacer(`\-`, "-", `\e`, `\`).Replace(string(out))
	for _, n := range grammarOf(t).Model.Leaves(true) {
		assert.Contains(t, text, n.Summary())
		for _, f := range n.Flags {
			if !f.Hidden {
				assert.Contains(t, text, "--"+f.Name)
			}
		}
	}
}

func TestCompletion(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(dir+"/20260101-000000-x", 0o755))
	words := func(line ...string) []string {
		out, err := loopfault(t.Context(), t, append([]string{"--results", dir, "completion", "words", "--"}, line...)...).Output()
		require.NoError(t, err)
		return strings.Fields(string(out))
	}
	assert.Contains(t, words(""), "compare")
	assert.NotContains(t, words(""), "bench")
	assert.Equal(t, []string{"replay", "report", "reproduce", "resume"}, slices.Sorted(slices.Values(words("re"))))
	assert.Equal(t, []string{"build"}, words("kernel", "b"))
	assert.Contains(t, words("run", "pnfs-"), "pnfs-layoutreturn-enomem")
	assert.Contains(t, words("run", "x", "--ker"), "--kernel")
	assert.Subset(t, words("run", "x", "--kernel", "st"), []string{"stock", "stock@7.3"})
	assert.Equal(t, []string{"junit"}, words("report", "latest", "--format", "j")[:1])
	assert.Equal(t, []string{"20260101-000000-x"}, words("report", "2026"))
	assert.Equal(t, []string{"20260101-000000-x"}, words("explain", "2026"))
	for _, shell := range []string{"bash", "zsh", "fish"} {
		out, err := loopfault(t.Context(), t, "completion", shell).Output()
		require.NoError(t, err)
		assert.Contains(t, string(out), "loopfault completion words")
	}
	script, err := loopfault(t.Context(), t, "completion", "bash").Output()
	require.NoError(t, err)
	check := exec.Command("bash", "-n")
	check.Stdin = strings.NewReader(string(script))
	require.NoError(t, check.Run())
}

func TestNothingIsInColour(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"scenario", "list"}, {"lsit"}} {
		out, _ := loopfault(t.Context(), t, args...).CombinedOutput()
		assert.NotContains(t, string(out), "\x1b", args)
	}
	out, _ := loopfault(t.Context(), t, "lsit").CombinedOutput()
	assert.Contains(t, string(out), `did you mean "list"?`)
}
