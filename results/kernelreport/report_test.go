package kernelreport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/kernelreport/benchlog"
)

func TestJSON(t *testing.T) {
	text := "INFO: task umount:812 blocked for more than 15 seconds.\nCall Trace:\n rpc_wait_bit_killable+0xd/0x60 [sunrpc]\n nfs4_proc_layoutreturn+0x14f/0x270 [nfsv4]\n"
	got, err := json.Marshal(File{Reports: Parse([]byte(text))})
	require.NoError(t, err)
	want := fmt.Sprintf(`{"reports": [{"kind": "hung_task", "title": "INFO: task hung in nfs4_proc_layoutreturn",
	  "signature": "v3:hang:-:nfs4_proc_layoutreturn", "start": 0, "end": %d, "kernel": "", "corrupted": "stack cut short", "count": 1, "detector": "",
	  "tasks": [{"role": "victim", "comm": "umount", "pid": 812, "tgid": null, "state": "", "blocked_seconds": 15, "workqueue": "",
	    "wait_frame": "rpc_wait_bit_killable", "blame_frame": "nfs4_proc_layoutreturn", "frames": [
	      {"func": "rpc_wait_bit_killable", "offset": "0xd", "size": "0x60", "module": "sunrpc", "file": "", "line": 0, "questionable": false},
	      {"func": "nfs4_proc_layoutreturn", "offset": "0x14f", "size": "0x270", "module": "nfsv4", "file": "", "line": 0, "questionable": false}]}]}]}`,
		len(text)-1)
	assert.JSONEq(t, want, string(got))
}

func TestNothingIsAnEmptyList(t *testing.T) {
	for _, text := range []string{"", "\n\n", "nothing here\n", "\x00\xff"} {
		got, err := json.Marshal(File{Reports: Parse([]byte(text))})
		require.NoError(t, err)
		assert.Equal(t, `{"reports":[]}`, string(got))
	}
}

func TestScannerReaderError(t *testing.T) {
	broken := errors.New("disk gone")
	s := NewScanner(io.MultiReader(strings.NewReader(benchlog.Report(7)), iotest.ErrReader(broken)))
	require.True(t, s.Scan())
	assert.Equal(t, 7, *s.Report().Tasks[0].PID)
	assert.False(t, s.Scan())
	assert.ErrorIs(t, s.Err(), broken)
	assert.False(t, s.Scan())
}

// TestLongLines: a line beyond the limit is read in part, the same way by both.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", 3*maxLine)
	text := []byte(long + "\n" + benchlog.Report(9) + long)
	reports := checkInvariants(t, text)
	require.Len(t, reports, 1)
	checkStream(t, text, reports)
}

// endless repeats text until n bytes were read.
type endless struct {
	text []byte
	left int
	at   int
}

func (r *endless) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), r.left)], r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	r.left -= n
	return n, nil
}

// TestStreamInBoundedMemory reads a stream of the whole corpus again and again: 32 MiB, or as many as
// KERNELREPORT_STREAM_MIB says.
func TestStreamInBoundedMemory(t *testing.T) {
	size := 32
	if n, err := strconv.Atoi(os.Getenv("KERNELREPORT_STREAM_MIB")); err == nil {
		size = n
	}
	var text []byte
	for _, g := range goldenFiles(t) {
		text = append(append(text, g.log...), reboot...)
	}
	text = append(text, bytes.Repeat(benchlog.Quiet(1<<20), 1+size/64)...)
	s := NewScanner(&endless{text: text, left: size << 20})
	var most uint64
	reports := 0
	for s.Scan() {
		if reports++; reports%20000 == 1 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	require.NoError(t, s.Err())
	t.Logf("%d MiB, %d reports, %d MiB of heap at most", size, reports, most>>20)
	assert.Less(t, most, uint64(128<<20))
}

// Only what the registers say is the instruction itself; an entry that repeats it on the stack is the same place.
func TestProgramCounters(t *testing.T) {
	for _, name := range []string{"oops-null-6.12", "oops-2.6.32", "mid-stack-rip"} {
		log := readGolden(t, "testdata/"+name+".txt").log
		rips := bytes.Count(log, []byte("RIP")) - bytes.Count(log, []byte("RIP: 0033"))
		require.Positive(t, rips)
		frames := Parse(log)[0].Tasks[0].Frames
		n := 0
		for i, f := range frames {
			if f.PC {
				n++
				require.Contains(t, string(log), "RIP", "%s frame %d", name, i)
			}
		}
		require.Positive(t, n, name)
		require.LessOrEqual(t, n, rips, name)
	}
	for _, f := range Parse(readGolden(t, "testdata/khungtaskd-6.12-nfs.txt").log)[0].Tasks[0].Frames {
		require.False(t, f.PC, f.Func)
	}
}
