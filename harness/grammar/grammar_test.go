package grammar_test

import (
	"io"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/grammar"
)

var notes = grammar.Notes{
	Examples: map[string][][2]string{"tree grow": {{"prog tree grow oak", "one tree"}}},
	JSON:     map[string]string{"tree grow": "With --json: height."},
}

func parser(t *testing.T) *kong.Kong {
	t.Helper()
	var c struct {
		Tree struct {
			Grow struct {
				Soil string `enum:"clay,sand" default:"clay" help:"What it grows on."`
				Kind string `arg:"" help:"What to grow."`
			} `cmd:"" help:"Let a tree grow."`
		} `cmd:"" help:"Trees."`
	}
	k, err := kong.New(&c, kong.Name("prog"), kong.Description("Grows trees."), kong.Writers(io.Discard, io.Discard), kong.PostBuild(notes.Add))
	require.NoError(t, err)
	return k
}

func TestNotesAreInHelpAndManual(t *testing.T) {
	k := parser(t)
	assert.Equal(t, "Examples:\n\n    prog tree grow oak\n        # one tree\n\nWith --json: height.\n", k.Model.Leaves(true)[0].Detail)
	man := notes.Manual(k.Model, grammar.About{Version: "1-2", Title: "grow trees", Environment: []string{"PROG_A", "PROG_B"}})
	for _, want := range []string{`.TH PROG 1 "" "prog 1\-2"`, `prog \- grow trees`, "\n.I kind\n", `\-\-soil=`, `With \-\-json: height.`, "\nprog tree grow oak\n", "PROG_A, PROG_B."} {
		assert.Contains(t, man, want)
	}
}

func TestCandidates(t *testing.T) {
	node := parser(t).Model.Node
	values := func(name string) []string { return map[string][]string{"kind": {"oak", "$(rm)", "o'clock"}}[name] }
	for _, c := range []struct{ words, want []string }{
		{nil, []string{"tree"}},
		{[]string{"tree", ""}, []string{"grow"}},
		{[]string{"tree", "grow", "o"}, []string{"oak"}},
		{[]string{"tree", "grow", ""}, []string{"oak"}}, // words that a shell would take apart, or run, are none
		{[]string{"tree", "grow", "--so"}, []string{"--soil"}},
		{[]string{"tree", "grow", "--soil", ""}, []string{"clay", "sand"}},
	} {
		assert.Equal(t, c.want, grammar.Candidates(node, c.words, values), "%q", c.words)
	}
}
