package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/kernelreport"
	"loopfault/results/match"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

const (
	layoutreturn = "[<0>] rpc_wait_bit_killable+0xd/0x60\n[<0>] nfs4_proc_layoutreturn+0x1/0x2\n[<0>] pnfs_send_layoutreturn+0x1/0x2\n[<0>] _pnfs_return_layout+0x1/0x2\n[<0>] evict+0x1/0x2\n[<0>] generic_shutdown_super+0x1/0x2\n"
	getattr      = "[<0>] rpc_wait_bit_killable+0xd/0x60\n[<0>] nfs4_proc_getattr+0x1/0x2\n[<0>] nfs_getattr+0x1/0x2\n[<0>] vfs_statx+0x1/0x2\n"
)

// matchStore holds one run: trial 1 hung in a GETATTR, trial 2 in a LAYOUTRETURN, trial 3 only warned.
func matchStore(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(dir)
	require.NoError(t, err)
	run, err := s.Create(store.Manifest{Name: "scen", Scenario: []byte(`{}`), Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)})
	require.NoError(t, err)
	for n, r := range []kernelreport.Report{
		kernelreport.FromStack("stat", 7, "D", 20, getattr),
		kernelreport.FromStack("umount", 8, "D", 20, layoutreturn),
		{Kind: kernelreport.KindWarning, Signature: "v1:warning:-:x", Tasks: []kernelreport.Task{}},
	} {
		r.Detector = "task watch"
		_, err := run.Trial(n + 1)
		require.NoError(t, err)
		require.NoError(t, run.WriteReports(n+1, []kernelreport.Report{r}))
		kind := verdict.KindOf(r.Kind)
		require.NoError(t, run.WriteTrial(store.Trial{Planned: store.Planned{N: n + 1, Arm: "stock"}, Verdict: verdict.Verdict{Kind: kind}}))
	}
	return dir
}

func TestMatchSaysWhatAgrees(t *testing.T) {
	dir := matchStore(t)
	cmd := loopfault(t.Context(), t, "match", "--results", dir, "-")
	cmd.Stdin = strings.NewReader("$ cat /proc/*/stack\n" + strings.ReplaceAll(layoutreturn, "/0x2", "/0x4f0"))
	out, err := cmd.Output()
	require.NoError(t, err)
	assert.Contains(t, string(out), "  1.00  INFO: task hung in nfs4_proc_layoutreturn\n")
	assert.Contains(t, string(out), "agrees: signature; blame frame nfs4_proc_layoutreturn; operation umount; frames nfs4_proc_layoutreturn pnfs_send_layoutreturn ")
	assert.Contains(t, string(out), "seen in 1 trial: 20260102-030405-scen/0002 (stock, task watch)")
	assert.NotContains(t, string(out), "getattr", "another hang")
	assert.Contains(t, string(out), "20260102-030405-scen: 1 of 3 trials hung so, 1 elsewhere\n", "the GETATTR")
}

func TestMatchJSON(t *testing.T) {
	dir := matchStore(t)
	cmd := loopfault(t.Context(), t, "match", "--results", dir, "--format", "json", "-")
	cmd.Stdin = strings.NewReader(getattr + "\n" + layoutreturn)
	text, err := cmd.Output()
	require.NoError(t, err)
	var out match.Answer
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	require.NoError(t, dec.Decode(&out))
	assert.Equal(t, 2, out.Compared, "a warning is no hang")
	assert.Equal(t, 1, out.Runs)
	require.Len(t, out.Hangs, 2)
	for i, trial := range []int{1, 2} {
		require.Len(t, out.Hangs[i].Matches, 1)
		m := out.Hangs[i].Matches[0]
		assert.Equal(t, 1.0, m.Score)
		assert.Equal(t, out.Hangs[i].Signature, m.Signature)
		assert.Equal(t, trial, m.Sightings[0].Trial)
	}
}
