package bisect_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"loopfault/harness/bisect"
)

// FuzzState: a bisection that is read can be told of, and is written as something that is read again.
func FuzzState(f *testing.F) {
	dir := f.TempDir()
	h := killed()
	s, err := bisect.New(dir, request(h), time.Unix(1, 0))
	require.NoError(f, err)
	path := filepath.Join(dir, s.Name())
	fresh, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(fresh)
	require.NoError(f, bisect.Run(f.Context(), h, s, func(string) {}))
	over, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(over)
	f.Add([]byte(`{"format":1,"steps":[{"runs":[".."]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		require.NoError(t, os.WriteFile(path, text, 0o644))
		s, err := bisect.Open(dir, filepath.Base(path))
		if err != nil {
			return
		}
		s.Lines()
		again, err := json.Marshal(s)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, again, 0o644))
		_, err = bisect.Open(dir, filepath.Base(path))
		require.NoError(t, err)
	})
}
