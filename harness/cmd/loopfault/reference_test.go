package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the pages of docs/reference anew")

const referenceFile = "../../../docs/reference/command-line.md"

// The page says what the grammar of the command line says.
func TestCommandLineReferenceIsUpToDate(t *testing.T) {
	k := grammarOf(t)
	r := &reference{}
	r.line("# Command line\n")
	r.line("<!-- Generated from the command line's own definitions by: make docs -->\n")
	r.line("%s\n", k.Model.Help)
	r.line("`loopfault COMMAND --help` shows the same on a terminal, `loopfault man` as a manual page.\n")
	r.line("Results go to standard output. Progress goes to standard error: on a terminal one status line for each step, with an estimate of the")
	r.line("time left, otherwise one JSON object in a line for each event, so that a log can be read by programs. So do warnings and errors.\n")
	r.line("Flags of every command:\n")
	r.flags(k.Model.Flags)
	for _, n := range k.Model.Leaves(true) {
		r.command(n)
	}
	got := r.String()
	if *update {
		require.NoError(t, os.WriteFile(referenceFile, []byte(got), 0o644))
	}
	stored, err := os.ReadFile(referenceFile)
	require.NoError(t, err)
	assert.Equal(t, string(stored), got, "make docs writes it anew")
}

// reference collects the page.
type reference struct{ strings.Builder }

func (r *reference) line(format string, args ...any) { fmt.Fprintf(r, format+"\n", args...) }

func (r *reference) command(n *kong.Node) {
	r.line("## %s\n\n%s\n\n    loopfault %s\n", n.Path(), inPage(n.Help), n.Summary())
	for _, p := range n.Positional {
		r.line("- `%s`: %s", p.Summary(), inPage(p.Help))
	}
	if len(n.Positional) > 0 {
		r.line("")
	}
	r.flags(n.Flags)
	if text := jsonHelp[n.Path()]; text != "" {
		r.line("%s\n", inPage(text))
	}
	if outputs[n.Path()] != nil {
		r.line("What --json prints has a [schema](schema/%s).\n", filepath.Base(schemaFile(n.Path())))
	}
	for i, e := range examples[n.Path()] {
		if i == 0 {
			r.line("Examples:\n")
		}
		r.line("    %s    # %s", e[0], e[1])
	}
	r.line("")
}

func (r *reference) flags(list []*kong.Flag) {
	some := false
	for _, f := range list {
		if f.Hidden || f.Name == "help" {
			continue
		}
		r.line("- `%s`: %s", f.String(), inPage(f.Help))
		some = true
	}
	if some {
		r.line("")
	}
}

// inPage keeps angle brackets and stars from being markup.
func inPage(s string) string { return strings.NewReplacer("<", "&lt;", "*", `\*`).Replace(s) }
