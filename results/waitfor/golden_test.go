package waitfor_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/kernelreport"
	"loopfault/results/waitfor"
)

var update = flag.Bool("update", false, "write the golden files")

// evidenceOf reads a directory with the files of a trial's evidence, those that
// are there.
func evidenceOf(t testing.TB, dir string) waitfor.Evidence {
	t.Helper()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if !errors.Is(err, os.ErrNotExist) {
			require.NoError(t, err)
		}
		return string(text)
	}
	e := waitfor.Evidence{
		Stacks: read("stacks.txt"), Tasks: read("tasks.txt"), RPCTasks: read("rpc-tasks.txt"), RPCLater: read("rpc-tasks-later.txt"), RPCXprt: read("rpc-xprt.txt"), NFSD: read("nfsd.txt"),
		Mountstats: read("mountstats.txt"), Memory: read("memory.txt"), PS: read("ps.txt"), Console: read("console.txt"), History: read("history.jsonl"),
		Config: read("config.txt"),
	}
	e.Reports = kernelreport.Parse([]byte(e.Console))
	return e
}

func hangs(t testing.TB) []string {
	t.Helper()
	dirs, err := filepath.Glob("testdata/hangs/*")
	require.NoError(t, err)
	require.NotEmpty(t, dirs)
	return dirs
}

// TestHangs compares what is said about hangs of our own guests with what was
// found right, and checks the drawing.
func TestHangs(t *testing.T) {
	for _, dir := range hangs(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			e := evidenceOf(t, dir)
			x := waitfor.Explain(e)
			golden(t, filepath.Join(dir, "explanation.golden"), []byte(x.Text()))
			golden(t, filepath.Join(dir, "graph.golden.svg"), x.Graph.SVG())
			wellFormed(t, x.Graph.SVG())
			for range 3 { // nothing hangs on the order of maps
				again := waitfor.Explain(e)
				require.Equal(t, x.Text(), again.Text())
				require.Equal(t, x.Graph.SVG(), again.Graph.SVG())
			}
		})
	}
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	was, is := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range max(len(was), len(is)) {
		if i >= len(was) || i >= len(is) || was[i] != is[i] {
			t.Errorf("%s differs from line %d on; -update it and read the difference", path, i+1)
			return
		}
	}
}

func wellFormed(t testing.TB, svg []byte) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
	}
}

// The sentences are what people read and reports quote.
func TestSentences(t *testing.T) {
	for name, want := range map[string]struct {
		class    waitfor.Class
		sentence string
	}{
		"layoutreturn-lost":           {waitfor.Lost, "lost wake-up: 5 tasks wait for NFS_LAYOUT_RETURN, no task left to clear it"},
		"layoutreturn-lost-directory": {waitfor.Lost, "lost wake-up: 5 tasks wait for NFS_LAYOUT_RETURN, no task left to clear it"},
		"frozen-all":                  {waitfor.Starved, "server starved: 8 of 8 nfsd threads in percpu_rwsem_wait (frozen /export)"},
		"frozen-few":                  {waitfor.Chain, "chain: mkdir 140 → i_rwsem of a directory →? bash 139 →? OPEN (xid 0x13789548, sent 22 s ago) →? nfsd 116 → frozen /export"},
		"layout-ref-leak":             {waitfor.Kept, "reference kept: 11 tasks wait for the last reference to a layout, no task left to drop it"},
		"seqid-asleep":                {waitfor.Lost, "lost wake-up: 8 tasks wait for the turn of an open owner (Seqid_waitqueue), no task left to end it"},
		"congestion-kept":             {waitfor.Lost, "lost wake-up: 1 task waits for the end of write congestion, no task left to declare it"},
		"layoutreturn-unanswered":     {waitfor.NoReply, "no reply: sharedfile/4 137 → i_rwsem of a file →? 2 × sharedfile/* → NFS_LAYOUT_RETURN →? 4 × LAYOUTRETURN (oldest: xid 0xde6d2618, sent 28 s ago) → nfsd: 8 threads, 0 blocked, 8 idle"},
		"recovery-loop":               {waitfor.Slow, "slow: writer/0 126 → COMMITs of the file →? COMMIT (not sent, on ForeChannel Slot table) → session slots →? state recovery →? 127.0.0.1-manager 179, which is not stuck: slow or livelocked"},
		"local-throttle":              {waitfor.Starved, "server starved: 8 of 8 nfsd threads: 5 in xfs_ilock (i_rwsem of a file on the exported file system), 3 in balance_dirty_pages"},
		"commit-order":                {waitfor.Cycle, "cycle: 4 × nfsd → i_rwsem of a directory on the exported file system →? nfsd 117 → i_rwsem of a file on the exported file system →? 4 × nfsd"},
		"layoutreturn-lost-cut":       {waitfor.Lost, "lost wake-up: 3 tasks wait for NFS_LAYOUT_RETURN, no task left to clear it"},
		"own-delegation":              {waitfor.Slow, "slow: sharedfile/2 135 → PG_writeback of a folio →? WRITE (not sent, on delayq) → server's answer, put off (NFS4ERR_DELAY or the like), which is not stuck: slow or livelocked"},
		"direct-commit-lost":          {waitfor.Lost, "lost wake-up: 4 tasks wait for the end of a direct read or write, no task left to declare it"},
		"create-lock-kept":            {waitfor.Kept, "lock kept: 3 tasks wait for i_rwsem of a directory on the exported file system, no task left to unlock it"},
		"nfsd-file-pending":           {waitfor.Starved, "server starved: 3 of 3 nfsd threads in nfsd_file_do_acquire (NFSD_FILE_PENDING of a file in nfsd's cache)"},
		"lease-broken":                {waitfor.Slow, "slow: 3 × sharedfile/*, exe → PG_writeback of a folio →? 2 × WRITE (oldest: xid 0x4337c75a, sent 28 s ago) →? 2 × nfsd → recalled layout or delegation →? CB_LAYOUT (not sent, on delayq) → client's answer, put off (NFS4ERR_DELAY), which is not stuck: slow or livelocked"},
		"layout-broken-in-recovery":   {waitfor.Slow, "slow: 2 × exe → PG_writeback of a folio →? 4 × kworker+flush → state recovery →? 127.0.0.1-manager 348 → drained session →? SETATTR (xid 0xe1b3ad23, sent 19 s ago) →? nfsd 121 → recalled layout or delegation, which is not stuck: slow or livelocked"},
		"grace-opens":                 {waitfor.Slow, "slow: sh 154 → i_rwsem of a directory →? sh 151 → server's answer, put off (NFS4ERR_DELAY or the like) →? grace period of the server, which is not stuck: slow or livelocked"},
		"server-gone":                 {waitfor.Transport, "transport: 3 × bash →? 3 × GETATTR (oldest: xid 0x89789548, on xprt_sending) → nfsd without threads"},
	} {
		x := waitfor.Explain(evidenceOf(t, "testdata/hangs/"+name))
		assert.Equal(t, want.class, x.Class, name)
		assert.Equal(t, want.sentence, x.Sentence, name)
	}
}

// Each text may be missing; then less is said, but never more.
func TestEachTextMayBeMissing(t *testing.T) {
	for _, dir := range hangs(t) {
		for _, remove := range []func(*waitfor.Evidence){
			func(e *waitfor.Evidence) { e.Stacks = "" }, func(e *waitfor.Evidence) { e.RPCTasks = "" },
			func(e *waitfor.Evidence) { e.RPCXprt = "" }, func(e *waitfor.Evidence) { e.NFSD = "" },
			func(e *waitfor.Evidence) { e.PS = "" }, func(e *waitfor.Evidence) { e.Mountstats = "" },
			func(e *waitfor.Evidence) { *e = waitfor.Evidence{} },
		} {
			e := evidenceOf(t, dir)
			remove(&e)
			x := waitfor.Explain(e)
			assert.NotEmpty(t, x.Sentence)
			wellFormed(t, x.Graph.SVG())
			if e.RPCTasks == "" {
				assert.NotEqual(t, waitfor.Lost, x.Class, "%s: without the RPCs nobody knows that none will clear a bit", dir)
				assert.NotContains(t, x.Text(), "reference kept", dir)
			}
		}
	}
}
