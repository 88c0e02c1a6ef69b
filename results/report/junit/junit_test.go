package junit_test

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/report/fakerun"
	"loopfault/results/report/junit"
	"loopfault/results/report/model"
	"loopfault/results/verdict"
)

// element is any element, as a reader of the format sees it.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []element  `xml:",any"`
}

func (e element) attr(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (e element) count(name string) int {
	n := 0
	for _, c := range e.Children {
		if c.XMLName.Local == name {
			n++
		}
		n += c.count(name)
	}
	return n
}

func written(t *testing.T, r model.Run) element {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, junit.Write(&b, r))
	var doc element
	dec := xml.NewDecoder(&b)
	dec.Strict = true
	require.NoError(t, dec.Decode(&doc))
	return doc
}

func TestCountsAgree(t *testing.T) {
	r := fakerun.Model(t, fakerun.Spec{Trials: 200, Signatures: 3})
	doc := written(t, r)
	require.Len(t, doc.Children, 4, "three arms and trust")
	for i, a := range r.Summary.Arms {
		s := doc.Children[i]
		assert.Equal(t, a.Name, s.attr("name"))
		assert.Equal(t, a.Trials, s.count("testcase"))
		assert.Equal(t, a.Verdicts[verdict.Error], s.count("error"))
		if !a.Control {
			assert.Equal(t, a.Verdicts[verdict.Hang], s.count("failure"))
			assert.Equal(t, a.Verdicts[verdict.Inconclusive], s.count("skipped"))
		}
	}
	assert.NotZero(t, doc.count("error"), "or it proves nothing")
	assert.Zero(t, doc.Children[2].count("failure"), "controls have to hang")
	first := r.Findings[0].First.N
	for _, s := range doc.Children {
		for _, c := range s.Children {
			if c.attr("name") == "trial "+string(rune('0'+first)) && c.count("failure") == 1 {
				assert.True(t, strings.HasPrefix(c.Children[0].Text, "Faults were injected: "))
				assert.Contains(t, c.Children[0].Text, "rpc_wait_bit_killable+0x10/0x200\n")
			}
		}
	}
}

// What is not trusted is no pass, and says so.
func TestUntrustedRunFails(t *testing.T) {
	r := fakerun.Model(t, fakerun.Spec{Trials: 20}) // the control does not hang
	doc := written(t, r)
	trust := doc.Children[3]
	assert.Equal(t, 1, trust.count("failure"))
	assert.Equal(t, doc.Children[0].count("testcase"), doc.Children[0].count("skipped")+doc.Children[0].count("error"))
}

func TestEmptyRun(t *testing.T) {
	doc := written(t, fakerun.Model(t, fakerun.Spec{}))
	assert.Equal(t, 1, doc.count("testcase"))
	assert.Equal(t, 1, doc.count("skipped"))
}

func TestHostileTextStaysWithinItsElement(t *testing.T) {
	plain, hostile := fakerun.Spec{Trials: 20, Signatures: 1}, fakerun.Spec{Trials: 20, Signatures: 1, Hostile: true}
	a, b := written(t, fakerun.Model(t, plain)), written(t, fakerun.Model(t, hostile))
	for _, name := range []string{"testsuite", "testcase", "failure", "script", "property"} {
		assert.Equal(t, a.count(name), b.count(name), name)
	}
}
