package kernelreport_test

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/kernelreport"
)

func TestLinesThatLookLikeAReport(t *testing.T) {
	for name, c := range map[string]struct {
		text, line string
		number     int
	}{
		"nothing":           {text: "all is well\nso it is\n"},
		"one entry":         {text: "a bug at foo+0x1/0x2\nor so\n"},
		"hung":              {"x\n  zzz INFO: Aufgabe cat blocked for more than 120\n", "zzz INFO: Aufgabe cat blocked for more than 120", 2},
		"two entries":       {"foo+0x1/0x2\n\nthen bar+0xa0/0x120 [nfs]\nbaz+0x1/0x2\n", "then bar+0xa0/0x120 [nfs]", 3},
		"two in one":        {"a foo+0x1/0x2 < bar+0x1/0x2", "a foo+0x1/0x2 < bar+0x1/0x2", 1},
		"no newline at end": {"\nwas blocked for more than 3 s", "was blocked for more than 3 s", 2},
	} {
		for how, wrap := range map[string]func(io.Reader) io.Reader{"whole": func(r io.Reader) io.Reader { return r }, "by bytes": iotest.OneByteReader, "err with data": iotest.DataErrReader} {
			traces := kernelreport.NewTraces(wrap(strings.NewReader(c.text)))
			got, err := io.ReadAll(traces)
			require.NoError(t, err)
			assert.Equal(t, c.text, string(got), "it changes nothing")
			assert.Equal(t, c.line, traces.Line, "%s, %s", name, how)
			assert.Equal(t, c.number, traces.Number, "%s, %s", name, how)
		}
	}
}

func TestALineWithoutEndIsNotKept(t *testing.T) {
	traces := kernelreport.NewTraces(io.LimitReader(endless{}, 1<<20))
	_, err := io.Copy(io.Discard, traces)
	require.NoError(t, err)
	assert.Zero(t, traces.Number)
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
