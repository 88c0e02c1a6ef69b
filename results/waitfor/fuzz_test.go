package waitfor_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"loopfault/results/kernelreport"
	"loopfault/results/waitfor"
)

// FuzzExplain: whatever the texts are, there is an answer of one line, text that
// prints, and a drawing that is XML; twice the same.
func FuzzExplain(f *testing.F) {
	for _, dir := range hangs(f) {
		e := evidenceOf(f, dir)
		f.Add(e.Stacks, e.RPCTasks, e.RPCXprt, e.NFSD, e.PS, e.Mountstats, e.Console, e.History)
	}
	f.Fuzz(func(t *testing.T, stacks, rpcs, xprts, nfsd, ps, mounts, console, history string) {
		e := waitfor.Evidence{Stacks: stacks, Tasks: history, RPCTasks: rpcs, RPCXprt: xprts, NFSD: nfsd, PS: ps, Mountstats: mounts, Memory: nfsd, Console: console, History: history}
		e.Reports = kernelreport.Parse([]byte(console))
		x := waitfor.Explain(e)
		require.NotEmpty(t, x.Sentence)
		for _, r := range x.Text() {
			require.True(t, r == '\n' || unicode.IsPrint(r), "%q", r)
		}
		known := map[string]bool{}
		for _, n := range x.Graph.Nodes {
			require.False(t, known[n.ID], "node twice: %s", n.ID)
			known[n.ID] = true
		}
		for _, edge := range x.Graph.Edges {
			require.True(t, known[edge.From] && known[edge.To], "%v", edge)
		}
		svg := x.Graph.SVG()
		d := xml.NewDecoder(bytes.NewReader(svg))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		again := waitfor.Explain(e)
		require.Equal(t, x.Text(), again.Text())
		require.True(t, bytes.Equal(svg, again.Graph.SVG()))
	})
}

// BenchmarkExplain is the hang of a guest with 500 blocked tasks.
func BenchmarkExplain(b *testing.B) {
	e := evidenceOf(b, "testdata/hangs/layoutreturn-lost")
	one := e.Stacks
	for i := range 30 {
		e.Stacks += string(bytes.ReplaceAll([]byte(one), []byte("== "), fmt.Appendf(nil, "== %d", i+1)))
	}
	for b.Loop() {
		x := waitfor.Explain(e)
		x.Graph.SVG()
	}
}
