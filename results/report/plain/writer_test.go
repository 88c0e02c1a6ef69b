package plain

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWriterLetsNothingThroughThatATerminalActsOn(t *testing.T) {
	const hostile = "a\x1b[2J\x07\u202eb\u009b31m\xff\xfe\x7f\r\nü 漢字\tend \U000e0001\x9b"
	var whole bytes.Buffer
	_, err := io.WriteString(NewWriter(&whole), hostile+"\n")
	require.NoError(t, err)
	assert.Equal(t, "a\\u001b[2J\\u0007\\u202eb\\u009b31m\\xff\\xfe\\u007f\nü 漢字\tend \\udb40\\udc01\\x9b\n", whole.String())

	var pieces bytes.Buffer // a letter may come in two writes
	w := NewWriter(&pieces)
	for i := range len(hostile) {
		n, err := w.Write([]byte{hostile[i]})
		require.NoError(t, err)
		assert.Equal(t, 1, n)
	}
	_, err = io.WriteString(w, "\n")
	require.NoError(t, err)
	assert.Equal(t, strings.Replace(whole.String(), "\nü", "\\u000d\nü", 1), pieces.String())
}

func FuzzWriterKeepsJSON(f *testing.F) {
	f.Add("a\x1b\u202e\u0085\U000e0001 \x7f\u00a0\u2028")
	f.Add("\xe2\x80")
	f.Fuzz(func(t *testing.T, s string) {
		var out bytes.Buffer
		require.NoError(t, json.NewEncoder(NewWriter(&out)).Encode(s))
		for _, r := range out.String() {
			require.True(t, r == '\n' || r == '\t' || unicode.IsPrint(r), "%U", r)
		}
		var back string
		require.NoError(t, json.Unmarshal(out.Bytes(), &back))
		require.Equal(t, string([]rune(s)), back, "encoding/json has U+FFFD for each byte that is no UTF-8, as the conversion has")
	})
}
