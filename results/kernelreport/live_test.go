package kernelreport

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A text that is looked at while it grows, in pieces of any size, has at each moment the reports of what is there, and
// looking changes nothing.
func TestLiveFindsWhatParseFinds(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, g := range goldenFiles(t) {
		t.Run(g.path, func(t *testing.T) {
			l, at := NewLive(), 0
			for at < len(g.log) {
				n := min(len(g.log)-at, 1+rng.IntN(1+len(g.log)/6))
				_, err := l.Write(g.log[at : at+n])
				require.NoError(t, err)
				at += n
				reports, size, left := l.Reports()
				require.Equal(t, at, size)
				require.Zero(t, left)
				require.Equal(t, Parse(g.log[:at]), append([]Report{}, reports...), "after %d bytes", at)
			}
		})
	}
}

// The lines that are longer than is looked at, in pieces that end anywhere in them.
func TestLiveCutsLinesAsParseDoes(t *testing.T) {
	text := []byte("[    1.000000] INFO: task evict:12 blocked for more than 122 seconds." + strings.Repeat("x", 2*maxLine) + "\n\n" +
		strings.Repeat("y", 3*maxLine) + "\n[    2.000000] INFO: task evict:13 blocked for more than 122 seconds.\n")
	for _, piece := range []int{1, 7, maxLine - 1, maxLine, maxLine + 1, len(text)} {
		l := NewLive()
		for rest := text; len(rest) > 0; {
			n := min(piece, len(rest))
			_, _ = l.Write(rest[:n])
			rest = rest[n:]
		}
		reports, size, _ := l.Reports()
		assert.Equal(t, len(text), size)
		assert.Equal(t, Parse(text), append([]Report{}, reports...), "pieces of %d", piece)
	}
}

// A kernel that reports without end, and a line that never ends, take no memory without end.
func TestLiveIsBounded(t *testing.T) {
	l := NewLive()
	var m runtime.MemStats
	for i := range 40_000 {
		fmt.Fprintf(l, "[%5d.000000] INFO: task evict:%d blocked for more than 122 seconds.\n", i, i+1)
	}
	reports, _, left := l.Reports()
	require.Len(t, reports, maxKept)
	assert.Positive(t, left)
	runtime.GC()
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	piece := bytes.Repeat([]byte("z"), 1<<20)
	for range 64 {
		_, _ = l.Write(piece)
	}
	runtime.GC()
	runtime.ReadMemStats(&m)
	assert.Less(t, m.HeapAlloc, before+8<<20)
	runtime.KeepAlive(l)
}

// BenchmarkLive is a long console that grows by some lines between looks.
func BenchmarkLive(b *testing.B) {
	line := []byte("[  100.000000] nothing that anybody waits for\n")
	l := NewLive()
	for range (64 << 20) / len(line) {
		_, _ = l.Write(line)
	}
	for b.Loop() {
		_, _ = l.Write(line)
		l.Reports()
	}
}
