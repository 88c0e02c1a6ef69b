package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/scenario"
	"loopfault/harness/session"
)

// documents are all pages for people, with their text.
func documents(t *testing.T) map[string]string {
	t.Helper()
	const root = "../../.."
	pages, err := filepath.Glob(root + "/*.md")
	require.NoError(t, err)
	for _, pattern := range []string{"/docs/*.md", "/docs/*/*.md"} {
		more, err := filepath.Glob(root + pattern)
		require.NoError(t, err)
		pages = append(pages, more...)
	}
	texts := map[string]string{}
	for _, p := range pages {
		text, err := os.ReadFile(p)
		require.NoError(t, err)
		texts[p] = string(text)
	}
	require.Greater(t, len(texts), 20)
	return texts
}

func TestReadmeIsShort(t *testing.T) {
	for p, text := range documents(t) {
		if filepath.Clean(p) == "../../../README.md" {
			assert.LessOrEqual(t, len(text), 6<<10, "what is longer belongs into docs")
			assert.Contains(t, text, "x86-64 is required")
			return
		}
	}
	t.Fatal("there is no README.md")
}

var link = regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)

func TestLinksInDocumentsLeadSomewhere(t *testing.T) {
	for p, text := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			_, err := os.Stat(filepath.Join(filepath.Dir(p), m[1]))
			assert.NoError(t, err, p)
		}
	}
}

// A command in a document begins a code span or an indented line, and ends with the span or
// where its description begins, behind some spaces.
var command = regexp.MustCompile("(?m)(?:`|^ +)bin/loopfault ([a-z][^`\n]*)")

// Every command that the documents show is one that the grammar takes, and is about a
// scenario that there is.
func TestCommandsInDocumentsAreTaken(t *testing.T) {
	seen := 0
	for p, text := range documents(t) {
		for _, m := range command.FindAllStringSubmatch(text, -1) {
			line, _, _ := strings.Cut(m[1], "  ")
			line, _, _ = strings.Cut(line, ">")
			line, _, _ = strings.Cut(line, " <")
			var c cli
			k, err := newParser(&c, io.Discard, os.Stderr)
			require.NoError(t, err)
			_, err = k.Parse(strings.Fields(strings.ReplaceAll(line, "'", "")))
			assert.NoError(t, err, "%s: %s", p, line)
			refs := append([]scenario.Ref{c.Run.Scenario, c.Compare.Scenario, c.Explore.Scenario, c.Bisect.Scenario, c.Scenario.Show.Scenario}, c.Try.Scenario...)
			for _, ref := range append(refs, c.Matrix.Scenario...) {
				if name := ref.Source; name != "" && name != "SCENARIO" && !strings.HasSuffix(name, ".yaml") {
					_, _, err := ref.Find()
					assert.NoError(t, err, "%s: %s", p, line)
				}
			}
			seen++
		}
	}
	assert.Greater(t, seen, 60, "documents show commands as bin/loopfault COMMAND")
}

// The list of findings that the demo is given is one that --known takes, and names their pages.
func TestTheListOfKnownFindingsIsTaken(t *testing.T) {
	const root = "../../.."
	issues, err := session.KnownFlag{Known: root + "/docs/findings/known.yaml"}.Issues()
	require.NoError(t, err)
	require.NotEmpty(t, issues)
	for _, k := range issues {
		_, page, _ := strings.Cut(k.Reason, ", ")
		assert.FileExists(t, filepath.Join(root, page), k.Reason)
	}
}
