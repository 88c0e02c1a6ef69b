package mail_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/report/fakerun"
	"loopfault/results/report/mail"
)

func body(t *testing.T, spec fakerun.Spec) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, mail.Write(&b, fakerun.Model(t, spec)))
	return b.String()
}

func TestColumnsAndBytes(t *testing.T) {
	for _, spec := range []fakerun.Spec{{}, {Trials: 40, Signatures: 3}, {Trials: 40, Signatures: 8, Hostile: true}} {
		text := body(t, spec)
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			assert.LessOrEqual(t, utf8.RuneCountInString(line), mail.Width, line)
			assert.Equal(t, strings.TrimRight(line, " "), line, "no blanks at the end")
			for _, r := range line {
				assert.False(t, r < 0x20 || r == 0x7f || r == 0x202e, "%q", line)
			}
		}
	}
}

func TestSaysAll(t *testing.T) {
	text := body(t, fakerun.Spec{Trials: 60, Signatures: 2})
	for _, want := range []string{
		"stock hung in ", "Faults were injected on purpose", "scenario: made-up", "with fix.patch (sha256 0123456789ab)",
		"95% interval", "INFO: task hung in nfs4_made_up_0\n----", "    nfs4_evict_inode+0x10/0x200\n",
		"signature v", "landed in this trial.", "loopfault image build\n", "--trial-seed",
	} {
		assert.True(t, strings.Contains(text, want), want)
	}
	for _, r := range text {
		if r > 0x7e {
			t.Fatalf("%U: what the program itself says is ASCII", r)
		}
	}
}

// A command that goes on in the next line still is one for a shell.
func TestLongCommandsAreContinued(t *testing.T) {
	text := body(t, fakerun.Spec{})
	assert.Contains(t, text, "    loopfault compare made-up --arm stock=stock --arm fixed=fixed \\\n        --control control=control --seed 42\n")
}
