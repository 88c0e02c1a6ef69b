package matrix_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"loopfault/harness/matrix"
)

// FuzzRecord: a matrix that is read goes on, and is written as something that is read again.
func FuzzRecord(f *testing.F) {
	dir := f.TempDir()
	rec, err := matrix.NewRecord(dir, matrix.Request{Scenarios: named(f, "server-restart"), Kernels: []string{"stock"}, Vers: []string{"4.1", "4.2"}, Trials: 2}, time.Unix(1, 0))
	require.NoError(f, err)
	path := filepath.Join(dir, rec.Name())
	good, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(good)
	rec.Cells[0].State, rec.Cells[0].Row = matrix.Done, &matrix.Row{Run: "20260102-030405-server-restart", Trials: 2}
	done, err := json.Marshal(rec)
	require.NoError(f, err)
	f.Add(done)
	for _, text := range []string{`{"format":1}`, `{"format":1,"cells":[{}]}`, `{"format":1,"request":{"scenarios":["x"],"kernels":["y"],"trials":1},"cells":null}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		require.NoError(t, os.WriteFile(path, text, 0o644))
		rec, err := matrix.OpenRecord(dir, filepath.Base(path))
		if err != nil {
			return
		}
		for _, c := range rec.Cells {
			rec.Part(c)
			if c.Row != nil {
				require.Equal(t, string(c.Row.Run), filepath.Base(string(c.Row.Run)))
			}
		}
		again, err := json.Marshal(rec)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, again, 0o644))
		_, err = matrix.OpenRecord(dir, filepath.Base(path))
		require.NoError(t, err)
	})
}

// FuzzExpunges: a list that is read gives each line a reason and globs that can be matched.
func FuzzExpunges(f *testing.F) {
	for _, text := range []string{"pnfs-* kernel=stock # slow\n", "# nothing\n\n", "a vers=4.[12] fs=xfs # why\n", "a[ # why", "a x=y # z", "a\r\nb # c"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := matrix.ParseExpunges("list", text)
		if err != nil {
			return
		}
		for _, e := range list {
			require.NotEmpty(t, e.Reason)
			require.NotEmpty(t, e.Scenario)
		}
		require.Len(t, list.Idle(nil), len(list))
	})
}
