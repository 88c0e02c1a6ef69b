package html_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/report/fakerun"
	"loopfault/results/report/html"
	"loopfault/results/report/model"
	"loopfault/results/store"
)

// page makes a run and its page, which it leaves in the run's directory.
func page(t *testing.T, spec fakerun.Spec) (*store.Run, string) {
	t.Helper()
	st, err := store.Open(t.TempDir())
	require.NoError(t, err)
	run, err := fakerun.Make(st, spec)
	require.NoError(t, err)
	stored, err := st.Load(run.Name)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, html.Write(&b, model.Read(stored, model.Options{}), html.Options{}))
	return run, b.String()
}

func TestHostileKernelText(t *testing.T) {
	_, text := page(t, fakerun.Spec{Trials: 40, Signatures: 3, Hostile: true})
	for _, r := range text {
		if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			t.Fatalf("%U is in the page", r)
		}
	}
	has := func(s string) bool { return strings.Contains(text, s) }
	assert.False(t, has("<script") || has("<SCRIPT"))
	assert.True(t, has("&lt;script&gt;"), "it is shown, not dropped")
	assert.True(t, has(`\x1b[2J\x07\u202egnp.exe`))
	assert.True(t, regexp.MustCompile(`A{300} \[… \d{4,} more bytes\]`).MatchString(text), "the line of 1 MB is cut")
	assert.Less(t, len(text), 1<<20)
	assert.True(t, has("default-src 'none'"))
}

// Every kernel text says on top that faults were injected.
func TestKernelTextsSayWhatWasDoneToThem(t *testing.T) {
	_, text := page(t, fakerun.Spec{Trials: 40, Signatures: 3})
	figures := strings.Split(text, "<figure>")[1:]
	require.GreaterOrEqual(t, len(figures), 12, "stack, console and graph of four findings")
	for _, f := range figures {
		assert.True(t, strings.HasPrefix(strings.TrimPrefix(f, "<figcaption>"), "Faults were injected: "), "%.100s", f)
	}
	outside := regexp.MustCompile(`(?s)<figure>.*?</figure>`).ReplaceAllString(text, "")
	assert.False(t, strings.Contains(outside, "rpc_wait_bit_killable+"), "no stack outside of them")
}

// Links lead to files that are there, and to places in the page.
func TestLinks(t *testing.T) {
	run, text := page(t, fakerun.Spec{Trials: 20, Signatures: 2})
	require.NoError(t, run.WriteSummary(struct{}{}))
	links := regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(text, -1)
	require.Greater(t, len(links), 60)
	for _, l := range links {
		if id, here := strings.CutPrefix(l[1], "#"); here {
			assert.True(t, strings.Contains(text, `id="`+id+`"`), id)
			continue
		}
		_, err := os.Stat(filepath.Join(run.Dir, filepath.FromSlash(l[1])))
		assert.NotErrorIs(t, err, fs.ErrNotExist, l[1])
	}
}

func TestEmptyRunAndNoNetwork(t *testing.T) {
	for _, spec := range []fakerun.Spec{{}, {Trials: 20, Signatures: 2}} {
		_, text := page(t, spec)
		assert.Empty(t, regexp.MustCompile(`(?i)(src|href)="(https?:)?//|url\(|@import`).FindString(text))
	}
}

func TestSameRunSamePage(t *testing.T) {
	_, one := page(t, fakerun.Spec{Trials: 20, Signatures: 2})
	_, two := page(t, fakerun.Spec{Trials: 20, Signatures: 2})
	assert.True(t, one == two)
}
