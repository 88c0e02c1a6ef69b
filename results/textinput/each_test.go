package textinput

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEach(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "log"), []byte(text), 0o644))
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	require.NoError(t, w.AddFS(os.DirFS(dir)))
	require.NoError(t, w.Close())
	packed := filepath.Join(t.TempDir(), "log.tar.gz")
	require.NoError(t, os.WriteFile(packed, zipped(t, archive.Bytes()), 0o644))
	for name, c := range map[string]struct{ arg, stdin, as string }{
		"a file": {filepath.Join(dir, "log"), "", filepath.Join(dir, "log")}, "a directory": {dir, "", "log"}, "an archive": {packed, "", "log"},
		"standard input": {"-", text, "standard input"}, "an archive there": {"-", string(zipped(t, archive.Bytes())), "log"},
	} {
		found := map[string]string{}
		require.NoError(t, Each(t.Context(), strings.NewReader(c.stdin), c.arg, func(name string, in io.Reader) error {
			got, err := io.ReadAll(in)
			found[name] = string(got)
			return err
		}), name)
		assert.Equal(t, map[string]string{c.as: text}, found, name)
	}
	none := func(string, io.Reader) error { return nil }
	assert.ErrorContains(t, Each(t.Context(), strings.NewReader("\x7fELF\x00\x00\x00\x00"), "-", none), "is no text but an ELF file")
	assert.ErrorContains(t, Each(t.Context(), nil, filepath.Join(dir, "none"), none), "no such file")
}
