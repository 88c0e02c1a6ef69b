package store

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzJournal: what counts of a journal is a beginning of it, ends at the end of a line, and reads the same when the rest
// is cut off, as the next writer does.
func FuzzJournal(f *testing.F) {
	for _, text := range []string{
		"",
		"{\"at\":\"2026-01-02T03:04:05Z\",\"what\":\"opened\"}\n{\"at\":\"2026-01-02T03:04:06Z\",\"what\":\"began\",\"n\":1,\"attempt\":1}\n",
		"{\"what\":\"opened\"}\n{\"what\":\"ended\",\"n\":-1,\"detail\":\"hang\"}\n{\"what\":",
		"{\"at\":\"0001-01-01T00:00:00Z\",\"what\":\"opened\"}\n{\"at\":\"9999-12-31T23:59:59Z\",\"what\":\"closed\"}\n",
		"\x00\x00\n{\"what\":\"opened\"}\n", "null\n", "[]\n", "\n\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		events, good := parseJournal(text)
		require.LessOrEqual(t, good, len(text))
		if good > 0 {
			require.Equal(t, byte('\n'), text[good-1])
		}
		again, all := parseJournal(text[:good])
		require.Equal(t, good, all)
		require.Equal(t, events, again)
		require.GreaterOrEqual(t, worked(events), time.Duration(0))
	})
}

// FuzzRecord: what is read of a record has names of runs that stay in the results directory, or is refused.
func FuzzRecord(f *testing.F) {
	for _, text := range []string{
		`{"format":1,"runs":["20260102-030405-a"],"by":{"x":"20260102-030405-b.2"}}`, `{"format":1,"runs":[".."]}`,
		`{"format":1,"runs":[""]}`, `{"format":1,"runs":[null]}`, `{"format":2}`, `null`, `[]`, ``, `{"format":1,"runs":["20260102-030405-\u0000/.."]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "matrix-20260102-030405.json")
		require.NoError(t, os.WriteFile(path, text, 0o644))
		var v struct {
			Runs []RunName
			By   map[string]RunName
		}
		if ReadRecord(path, 1, &v) != nil {
			return
		}
		for _, n := range v.By {
			v.Runs = append(v.Runs, n)
		}
		for _, n := range v.Runs {
			if n != "" { // what null leaves
				require.Equal(t, string(n), filepath.Base(string(n)))
			}
		}
		_, err := json.Marshal(v)
		require.NoError(t, err)
	})
}
