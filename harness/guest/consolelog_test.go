package guest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// printing is a console whose bounds are small, and what stands for QEMU to append to it.
func printing(t *testing.T, tap *bytes.Buffer) (c *Console, path string, qemu *os.File, end func()) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "console.log")
	qemu, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	require.NoError(t, err)
	log, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	keys, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	was := consoleBounds
	consoleBounds = logBounds{head: 64 << 10, tail: 64 << 10, slack: 64 << 10}
	t.Cleanup(func() { consoleBounds = was; qemu.Close(); log.Close(); keys.Close() })
	gone := make(chan struct{})
	c = watchConsole(log, keys, gone, func(string) {}, tap)
	return c, path, qemu, func() { close(gone); <-c.ended }
}

// A guest that prints without end: the disk holds no more than the bounds while it does, and in the end there are its
// first lines, a note, and its last ones, each whole; positions in what it printed lead to the same lines.
func TestConsoleWithoutEndIsCutInTheMiddle(t *testing.T) {
	var tap bytes.Buffer
	c, path, qemu, end := printing(t, &tap)
	var printed bytes.Buffer
	var most int64
	for i := range 40_000 {
		fmt.Fprintf(&printed, "[%5d.000000] line %d of a guest that does not stop\n", i, i)
		if i%500 == 499 {
			_, err := qemu.Write(printed.Bytes()[tapped(qemu):])
			require.NoError(t, err)
			c.catchUp()
			var st unix.Stat_t
			require.NoError(t, unix.Stat(path, &st))
			most = max(most, st.Blocks*512)
		}
	}
	end()
	assert.Less(t, most, int64(400<<10), "of %d bytes that were printed", printed.Len())
	assert.True(t, bytes.Equal(printed.Bytes(), tap.Bytes()), "whoever listens hears all of it")

	kept, err := c.printed()
	require.NoError(t, err)
	require.NoError(t, c.trim(path))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(kept, text), "a snapshot holds the same")
	cut := c.Cut()
	require.NotZero(t, cut.Note)
	assert.Less(t, len(text), 130<<10)
	lines := strings.SplitAfter(string(text), "\n")
	assert.Equal(t, "[    0.000000] line 0 of a guest that does not stop\n", lines[0])
	assert.Equal(t, "[39999.000000] line 39999 of a guest that does not stop\n", lines[len(lines)-2])
	notes := 0
	for at, line := range lines[:len(lines)-1] {
		if strings.HasPrefix(line, "[loopfault: ") {
			notes++
			assert.Equal(t, fmt.Sprintf("[loopfault: %d bytes that the guest printed here were left out]\n", cut.To-cut.From), line)
			continue
		}
		assert.Regexp(t, `^\[ *[0-9]+\.000000\] line [0-9]+ of a guest that does not stop\n$`, line, "line %d", at)
	}
	assert.Equal(t, 1, notes)

	for _, line := range []string{lines[0], lines[100], lines[len(lines)-100], lines[len(lines)-2]} {
		at := bytes.Index(printed.Bytes(), []byte(line))
		start, end := cut.Moved(at, at+len(line))
		assert.Equal(t, line, string(text[start:end]))
	}
	start, stop := cut.Moved(int(cut.From)-10, int(cut.To)+10)
	assert.Contains(t, string(text[start:stop]), "were left out")
	require.NoError(t, c.trim(path))
	again, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(text, again), "what is within its bounds is left alone")
}

func tapped(qemu *os.File) int64 {
	info, _ := qemu.Stat()
	return info.Size()
}

// One line without end is cut, too.
func TestLineWithoutEndIsCut(t *testing.T) {
	var tap bytes.Buffer
	c, path, qemu, end := printing(t, &tap)
	for range 64 {
		_, err := qemu.Write(bytes.Repeat([]byte("x"), 16<<10))
		require.NoError(t, err)
	}
	end()
	require.NoError(t, c.trim(path))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Less(t, len(text), 130<<10)
	assert.Regexp(t, `x\n\[loopfault: [0-9]+ bytes that the guest printed here were left out\]\nx`, string(text))
}

// Of an ordinary console nothing is taken.
func TestOrdinaryConsoleIsNotTouched(t *testing.T) {
	var tap bytes.Buffer
	c, path, qemu, end := printing(t, &tap)
	_, err := qemu.WriteString("[    0.000000] Linux version 6.12\nlogin: ")
	require.NoError(t, err)
	end()
	require.NoError(t, c.trim(path))
	assert.Zero(t, c.Cut())
	kept, err := c.printed()
	require.NoError(t, err)
	assert.Equal(t, "[    0.000000] Linux version 6.12\nlogin: ", string(kept))
	start, stop := c.Cut().Moved(3, 7)
	assert.Equal(t, []int{3, 7}, []int{start, stop})
}
