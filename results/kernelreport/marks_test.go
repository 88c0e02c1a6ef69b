package kernelreport

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"loopfault/results/kernelreport/benchlog"
)

// A report that needs decoding is found wherever the text that is looked at together ends in it.
func TestMarksAcrossTheEndOfABlock(t *testing.T) {
	web := strings.ReplaceAll(benchlog.Report(7), " blocked for more", "\u00a0blocked\u00a0for\u00a0more")
	plain := Parse([]byte(benchlog.Report(7)))
	require.Len(t, plain, 1)
	quiet := benchlog.Quiet(2 * lookAhead)
	for back := 0; back < len(web)+100; back += 5 {
		at := lookAhead - back
		before := bytes.Clone(quiet[:at])
		before[at-1] = '\n'
		text := append(append(before, web...), quiet[at:]...)
		parsed := Parse(text)
		require.Len(t, parsed, 1, "%d bytes before the end of the block", back)
		require.Equal(t, plain[0].Signature, parsed[0].Signature)
		require.Len(t, parsed[0].Tasks[0].Frames, len(plain[0].Tasks[0].Frames))
		s := NewScanner(bytes.NewReader(text))
		require.True(t, s.Scan())
		require.Equal(t, parsed[0], s.Report())
		require.False(t, s.Scan())
	}
}
