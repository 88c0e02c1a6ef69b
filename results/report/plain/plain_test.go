package plain

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestHostileText(t *testing.T) {
	for in, want := range map[string]string{
		"plain text, ü and 漢字":         "plain text, ü and 漢字",
		"a\x1b[31mred\x07":             `a\x1b[31mred\x07`,
		"bad \xff\xfe bytes":           `bad \xff\xfe bytes`,
		"a\u202eb\u2066c\u200fd\u061c": `a\u202eb\u2066c\u200fd\u061c`,
		"zero\u200bwidth\ufeff":        `zero\u200bwidth\ufeff`,
		"sep\u2028line\u0085next":      `sep\u2028line\x85next`,
		"two\r\nlines\tand tabs":       "two lines and tabs",
		"<script>alert(1)</script>":    "<script>alert(1)</script>",
	} {
		assert.Equal(t, want, Line(in))
	}
	assert.Equal(t, "a\n\tb\n", Text("a\r\n\tb", 0))
	assert.Equal(t, "1\n2\n[… 2 more lines]\n", Text("1\n2\n3\n4\n", 2))
}

func TestLongLineIsCut(t *testing.T) {
	got := Line(strings.Repeat("x", 1<<20))
	assert.Less(t, len(got), MaxLine+40)
	assert.Contains(t, got, "[… 1048176 more bytes]")
}

func TestWrap(t *testing.T) {
	assert.Equal(t, "- one two\n  three\n", Wrap("one  two three", 10, "- ", "  "))
	assert.Equal(t, "\n", Wrap("", 10, "", ""))
	long := "v2:hang:rpciod:pnfs_update_layout/ff_layout_pg_get_read/" + strings.Repeat("ü", 50)
	got := Wrap("signature "+long, 30, "  ", "    ")
	for line := range strings.Lines(got) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 30)
	}
	assert.Equal(t, long, strings.Join(strings.Fields(got)[1:], ""), "nothing is lost")
}

func FuzzVisible(f *testing.F) {
	f.Add("a\x1b\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range Text(s, 0) {
			if r != '\n' && r != '\t' && (r < 0x20 || r == 0x7f || r == 0x202e || r == utf8.RuneError && !strings.ContainsRune(s, r)) {
				t.Fatalf("%q lets %U through", s, r)
			}
		}
		for line := range strings.Lines(Wrap(s, 20, "> ", "  ")) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 20 {
				t.Fatalf("%q makes a line of %d", s, n)
			}
		}
	})
}
