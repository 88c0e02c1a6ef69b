package guest_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"loopfault/harness/guest"
)

// A guest that prints far more than is kept, while QEMU writes the log: the disk never holds much more than the bounds, the
// one who listens hears all of it, and the log has the guest's first and last words.
func TestGuestThatPrintsWithoutEnd(t *testing.T) {
	const kept = 128 << 10
	t.Cleanup(guest.SetConsoleBounds(kept, kept, kept))
	var heard bytes.Buffer
	opts := options(t)
	opts.Console = &heard
	g := boot(t, fixture(t).Spec("prints"), opts)
	a := talk(t, g)
	var most int64
	began := time.Now()
	const times = 40
	for i := range times {
		line := fmt.Sprintf("%03d of a guest that prints without end; ", i)
		require.Equal(t, "ok", a.ask("write /dev/ttyS0 "+strings.Repeat(line, 32<<10/len(line))))
		var st unix.Stat_t
		require.NoError(t, unix.Stat(opts.ConsolePath, &st))
		most = max(most, st.Blocks*512)
	}
	t.Logf("%d KiB a second", times*32*1000/(1+time.Since(began).Milliseconds()))
	require.NoError(t, g.Close(t.Context()))
	assert.Less(t, most, int64(5*kept), "of %d bytes", heard.Len())
	assert.Greater(t, heard.Len(), times*30<<10)
	text, err := os.ReadFile(opts.ConsolePath)
	require.NoError(t, err)
	assert.Less(t, len(text), 3*kept)
	assert.Contains(t, string(text), "Linux version")
	assert.Contains(t, string(text), "bytes that the guest printed here were left out]\n")
	assert.Contains(t, string(text), fmt.Sprintf("%03d of a guest", times-1))
	cut := g.Console().Cut()
	assert.Equal(t, heard.Len()-len(text), int(cut.To-cut.From)-cut.Note)
	assert.True(t, bytes.HasSuffix(heard.Bytes(), text[len(text)-kept/2:]))
}
