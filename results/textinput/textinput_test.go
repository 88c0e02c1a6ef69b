package textinput

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const text = "INFO: task umount:1 blocked – 𝄞\n"

func zipped(t *testing.T, s []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(s)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// xzText is what xz makes of text, and xzWide the same with a dictionary of 256 MiB.
const (
	xzText = "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAkSU5GTzogdGFzayB1bW91bnQ6MSBibG9ja2VkIOKAkyDwnYSeCgAAAADfnzIocgn1JAABPSXSKWoBH7bzfQEAAAAABFla"
	xzWide = "/Td6WFoAAATm1rRGAgAhASAAAAAJiKV2AQAkSU5GTzogdGFzayB1bW91bnQ6MSBibG9ja2VkIOKAkyDwnYSeCgAAAADfnzIocgn1JAABPSXSKWoBH7bzfQEAAAAABFla"
)

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	require.NoError(t, err)
	return b
}

func wide(order binary.ByteOrder) []byte {
	b := make([]byte, 2)
	order.PutUint16(b, 0xfeff)
	return append(b, wideBare(order)...)
}

// wideBare is text in UTF-16 without a mark of the byte order.
func wideBare(order binary.ByteOrder) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, 0, 0)
		order.PutUint16(b[len(b)-2:], u)
	}
	return b
}

func TestDecode(t *testing.T) {
	var zst bytes.Buffer
	z, err := zstd.NewWriter(&zst)
	require.NoError(t, err)
	_, err = io.WriteString(z, text)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	for name, in := range map[string][]byte{
		"plain": []byte(text), "gzip": zipped(t, []byte(text)), "zstd": zst.Bytes(),
		"UTF-16": wide(binary.LittleEndian), "UTF-16, big end first": wide(binary.BigEndian), "gzip of UTF-16": zipped(t, wide(binary.LittleEndian)),
		"UTF-16 without mark": wideBare(binary.LittleEndian), "UTF-16 without mark, big end first": wideBare(binary.BigEndian),
		"xz": unbase64(t, xzText), "gzip of xz": zipped(t, unbase64(t, xzText)),
	} {
		r, err := Decode(bytes.NewReader(in))
		require.NoError(t, err, name)
		got, err := io.ReadAll(r)
		require.NoError(t, err, name)
		assert.Equal(t, text, string(got), name)
	}
}

func TestDamageIsSaid(t *testing.T) {
	in := zipped(t, bytes.Repeat([]byte(text), 1000))
	r, err := Decode(bytes.NewReader(in[:len(in)/2]))
	require.NoError(t, err)
	_, err = io.ReadAll(r)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	_, err = io.ReadAll(&bounded{r: strings.NewReader(text), left: 5})
	assert.ErrorContains(t, err, "more than 8 GiB")
}

// TestMemoryIsBounded: a file may not have as much memory as it asks for.
func TestMemoryIsBounded(t *testing.T) {
	r, err := Decode(bytes.NewReader(unbase64(t, xzWide)))
	if err == nil {
		_, err = io.ReadAll(r)
	}
	assert.ErrorIs(t, err, xz.ErrMemlimit)
}

func TestZerosAreNoUTF16(t *testing.T) {
	for name, in := range map[string]string{
		"a console with some zeros": "[1.0] boot\x00\x00\x00\x00\x00\x00 ok\n[1.1] more of it\n", "zeros alone": strings.Repeat("\x00", 64), "two letters": "a\x00b\x00",
	} {
		r, err := Decode(strings.NewReader(in))
		require.NoError(t, err, name)
		got, err := io.ReadAll(r)
		require.NoError(t, err, name)
		assert.Equal(t, in, string(got), name)
	}
}

func TestWalk(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "var", "log"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "var", "log", "messages.gz"), zipped(t, []byte(text)), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "dmesg"), []byte(text), 0o644))
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "passwd")))
	found := map[string]string{}
	visit := func(name string, r io.Reader) error {
		got, err := io.ReadAll(r)
		found[name] = string(got)
		return err
	}
	want := map[string]string{"dmesg": text, "var/log/messages.gz": text}
	require.NoError(t, WalkDir(t.Context(), dir, visit))
	assert.Equal(t, want, found)

	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	require.NoError(t, w.AddFS(os.DirFS(filepath.Join(dir, "var"))))
	require.NoError(t, w.Close())
	in, err := Decode(bytes.NewReader(zipped(t, archive.Bytes())))
	require.NoError(t, err)
	tarred := bufio.NewReader(in)
	require.True(t, IsTar(tarred))
	clear(found)
	require.NoError(t, WalkTar(t.Context(), tarred, visit))
	assert.Equal(t, map[string]string{"log/messages.gz": text}, found)
}
