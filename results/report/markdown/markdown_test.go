package markdown_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"loopfault/results/report/fakerun"
	"loopfault/results/report/markdown"
)

// parsed is a run as Markdown, read back by a parser with all extensions of GitHub's flavour.
func parsed(t *testing.T, spec fakerun.Spec) (ast.Node, []byte) {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, markdown.Write(&b, fakerun.Model(t, spec)))
	return goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(b.Bytes())), b.Bytes()
}

func kinds(t *testing.T, doc ast.Node) map[ast.NodeKind]int {
	t.Helper()
	n := map[ast.NodeKind]int{}
	require.NoError(t, ast.Walk(doc, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			n[node.Kind()]++
		}
		return ast.WalkContinue, nil
	}))
	return n
}

// Hostile text changes nothing of the structure.
func TestHostileTextStaysText(t *testing.T) {
	plain, _ := parsed(t, fakerun.Spec{Trials: 40, Signatures: 3})
	hostile, source := parsed(t, fakerun.Spec{Trials: 40, Signatures: 3, Hostile: true})
	want, got := kinds(t, plain), kinds(t, hostile)
	for _, kind := range []ast.NodeKind{ast.KindHTMLBlock, ast.KindRawHTML, ast.KindLink, ast.KindAutoLink, ast.KindImage} {
		assert.Zero(t, got[kind], kind)
	}
	for _, kind := range []ast.NodeKind{ast.KindHeading, ast.KindFencedCodeBlock, ast.KindList, ast.KindListItem, ast.KindCodeSpan, ast.KindEmphasis, east.KindTable, east.KindTableRow, east.KindTableCell} {
		assert.Equal(t, want[kind], got[kind], kind)
		assert.NotZero(t, got[kind], kind)
	}
	assert.NotContains(t, string(source), "\x1b")
	assert.NotContains(t, string(source), "\u202e")
}

func TestStacksAreInBlocksOfTheirOwn(t *testing.T) {
	doc, source := parsed(t, fakerun.Spec{Trials: 20, Signatures: 1})
	stacks := 0
	require.NoError(t, ast.Walk(doc, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if block, ok := node.(*ast.FencedCodeBlock); ok && entering && strings.Contains(string(block.Lines().Value(source)), "rpc_wait_bit_killable+0x10/0x200") {
			stacks++
			before := block.PreviousSibling()
			assert.Contains(t, string(before.Lines().Value(source)), "Faults were injected\\: ")
		}
		return ast.WalkContinue, nil
	}))
	assert.Equal(t, 2, stacks)
}
