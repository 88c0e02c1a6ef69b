package guest_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/guest"
)

// dumpOf is a dump of a guest, which goes on afterwards.
func dumpOf(t *testing.T, g *guest.Guest) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "vmcore"))
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	began := time.Now()
	require.NoError(t, g.Dump(within(t, budgets().Dump), file))
	info, err := file.Stat()
	require.NoError(t, err)
	t.Logf("%d KiB in %v", info.Size()>>10, time.Since(began))
	assert.Less(t, info.Size(), int64(256<<20), "it is compressed")
	state, err := g.Await(within(t, budgets().Command), guest.Running)
	require.NoError(t, err)
	assert.Equal(t, guest.Running, state)
	return file
}

// has says which of some marks are in the memory that a kdump holds.
func has(t *testing.T, dump *os.File, marks ...string) map[string]bool {
	t.Helper()
	var head struct {
		_         [428]byte
		Block     uint32
		SubHeader uint32 // in blocks
		Bitmaps   uint32 // in blocks: of pages there are, and of pages that are in it
	}
	at := func(offset, size int64) *io.SectionReader { return io.NewSectionReader(dump, offset, size) }
	require.NoError(t, binary.Read(at(0, 1<<10), binary.LittleEndian, &head))
	block := int64(head.Block)
	bitmaps := make([]byte, int64(head.Bitmaps)*block)
	_, err := dump.ReadAt(bitmaps, (1+int64(head.SubHeader))*block)
	require.NoError(t, err)
	pages := 0
	for _, b := range bitmaps[len(bitmaps)/2:] {
		for ; b != 0; b &= b - 1 {
			pages++
		}
	}
	assert.InDelta(t, 256<<20/4096, pages, 2<<20/4096, "all of the guest's memory is there, and its firmware's")
	type page struct {
		Offset      int64
		Size, Flags uint32
		_           uint64
	}
	list := make([]page, pages)
	table := (1 + int64(head.SubHeader) + int64(head.Bitmaps)) * block
	require.NoError(t, binary.Read(at(table, int64(pages)*24), binary.LittleEndian, list))
	found, seen := map[string]bool{}, map[int64]bool{}
	for _, p := range list {
		if seen[p.Offset] { // pages of zeros are all one
			continue
		}
		seen[p.Offset] = true
		var content io.Reader = at(p.Offset, int64(p.Size))
		if p.Flags&1 != 0 {
			content, err = zlib.NewReader(content)
			require.NoError(t, err)
		}
		text, err := io.ReadAll(content)
		require.NoError(t, err)
		require.Len(t, text, 4096)
		for _, m := range marks {
			found[m] = found[m] || bytes.Contains(text, []byte(m))
		}
	}
	return found
}

// Guests of one snapshot have its memory in common until they write to it: a dump
// is of what the guest itself sees.
func TestDumpIsOfTheGuestItself(t *testing.T) {
	const cold, warm, other = "mark-of-the-cold-guest", "mark-of-the-warm-guest", "mark-of-its-sister"
	opts := options(t)
	opts.Freezable = true
	first := boot(t, snapshotSpec(t, "dump"), opts)
	a := talk(t, first)
	require.Equal(t, "ok", a.ask("write /mark "+cold))
	dump := dumpOf(t, first)
	assert.Equal(t, map[string]bool{cold: true, warm: false}, has(t, dump, cold, warm))
	info, err := guest.Vmcoreinfo(dump)
	require.NoError(t, err)
	release := a.ask("read /proc/sys/kernel/osrelease")
	assert.Contains(t, info, "OSRELEASE="+release+"\n")
	assert.Contains(t, info, "SYMBOL(init_uts_ns)=")
	names := make([]byte, 6*65)
	_, err = dump.ReadAt(names, 12)
	require.NoError(t, err)
	for i, want := range []string{"Linux", "", release, "(not told)", "x86_64"} {
		assert.Equal(t, want, string(bytes.TrimRight(names[65*i:65*(i+1)], "\x00")))
	}
	snapshot, err := first.Freeze(t.Context())
	require.NoError(t, err, "a guest can be frozen after a dump")
	defer snapshot.Close()

	g, b, _ := wake(t, snapshot)
	require.Equal(t, "ok", b.ask("write /mark "+warm))
	_, c, _ := wake(t, snapshot)
	require.Equal(t, "ok", c.ask("write /mark "+other))
	dump = dumpOf(t, g)
	assert.Equal(t, map[string]bool{warm: true, other: false}, has(t, dump, warm, other))
	info, err = guest.Vmcoreinfo(dump)
	require.NoError(t, err)
	assert.Contains(t, info, "OSRELEASE="+release+"\n")
	assert.Equal(t, "still there", b.ask("echo still there"))
}

func TestDumpOfAPanickedGuest(t *testing.T) {
	g := boot(t, fixture(t).Spec("dump-panic"), options(t))
	a := talk(t, g)
	a.ask("write /mark mark-of-the-dead")
	a.order("panic")
	state, err := g.Await(within(t, budgets().Boot), guest.Panicked)
	require.NoError(t, err)
	require.Equal(t, guest.Panicked, state)
	file, err := os.Create(filepath.Join(t.TempDir(), "vmcore"))
	require.NoError(t, err)
	defer file.Close()
	require.NoError(t, g.Dump(within(t, budgets().Dump), file))
	assert.Equal(t, map[string]bool{"mark-of-the-dead": true}, has(t, file, "mark-of-the-dead"))
	assert.Equal(t, guest.Panicked, g.State())
}

func TestDumpThatIsCutOffLetsTheGuestGoOn(t *testing.T) {
	g := boot(t, fixture(t).Spec("dump-cut"), options(t))
	a := talk(t, g)
	a.ask("echo up")
	file, err := os.Create(filepath.Join(t.TempDir(), "vmcore"))
	require.NoError(t, err)
	defer file.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { // QEMU has begun, and nobody will read all of it
		for ctx.Err() == nil {
			if info, err := file.Stat(); err == nil && info.Size() > 0 {
				cancel()
			}
		}
	}()
	err = g.Dump(ctx, file)
	require.ErrorIs(t, err, context.Canceled)
	assert.NotContains(t, err.Error(), "\n")
	assert.True(t, strings.HasPrefix(err.Error(), "dump the memory of guest dump-cut"), err.Error())
	state, err := g.Await(within(t, budgets().Command), guest.Running)
	require.NoError(t, err)
	require.Equal(t, guest.Running, state)
	assert.Equal(t, "still there", a.ask("echo still there"))
	require.Error(t, g.Dump(within(t, budgets().Command), file), "there is no second one")
}
