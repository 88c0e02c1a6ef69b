package vmcore

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/waitfor"
)

// The dump is of a guest with Debian's 6.1.0-53-amd64 in which layoutget-device hung, read by drgn 0.0.22; idle tasks are left
// out. The sentence is the one that the trial's own evidence was explained by.
func TestADumpIsExplainedAsItsTrialWas(t *testing.T) {
	text, err := os.ReadFile("testdata/layoutget-device-6.1.json")
	require.NoError(t, err)
	d := &Dump{}
	require.NoError(t, json.Unmarshal(text, d))
	x := waitfor.Explain(d.Evidence("vmcore"))
	assert.Equal(t, waitfor.Cycle, x.Class)
	assert.Equal(t, "cycle: writer/0 174 →? GETDEVICEINFO (not sent, on ForeChannel Slot table) → session slots →? writer/0 174", x.Sentence)
	assert.Equal(t, 2, x.Hung)
	assert.Contains(t, x.Details, "layout of inode 132: 3 references, 1 LAYOUTGET under way, NFS_LAYOUT_INVALID_STID NFS_LAYOUT_FIRST_LAYOUTGET NFS_LAYOUT_HASHED")
	for _, g := range x.Gaps {
		assert.False(t, g.Decides, g.Text)
	}
	d.RPCs = nil // as if they could not be read
	assert.Equal(t, waitfor.Unknown, waitfor.Explain(d.Evidence("vmcore")).Class)
}

// A guest with Debian's 6.1.0-54-amd64 whose export was frozen: four tasks make files in one directory, and one reads it. What
// the stacks let guess, the lock knows.
func TestALockInADumpNamesItsOwner(t *testing.T) {
	text, err := os.ReadFile("testdata/directory-lock-6.1.json")
	require.NoError(t, err)
	d := &Dump{}
	require.NoError(t, json.Unmarshal(text, d))
	x := waitfor.Explain(d.Evidence("vmcore"))
	assert.Equal(t, "chain: 3 × touch → i_rwsem of a directory → touch 175 →? OPEN (xid 0x7ad3d6cb, sent 9 s ago) →? nfsd 167 → frozen file system", x.Sentence)
	assert.Contains(t, x.Details, "4 tasks sleep for a mutex or rw-semaphore; the owner is known of 4")
	d.Locks = nil
	assert.Contains(t, waitfor.Explain(d.Evidence("vmcore")).Sentence, "i_rwsem of a directory →? touch 175")
}

func TestHostileDumps(t *testing.T) {
	evil := "x\n== 1 (init) D\x1b[31m\n[<0>] nfsd+0x1/0x2"
	d := &Dump{Release: evil, Drgn: evil, Problems: []string{evil}, Tasks: []Task{
		{PID: -1, Comm: evil, State: evil, Stack: []string{evil}, Ran: -5},
		{PID: 7, Comm: evil, State: "D", Stack: []string{evil, ""}, Ran: 1e300},
	}, Locks: []Lock{
		{PID: 7, Owner: 7, Comm: evil}, {PID: 7, Owner: -1, Comm: evil}, {PID: 7, Owner: 8, Comm: evil},
	}, RPCs: []RPC{{Queue: evil, Program: evil, Procedure: "a b c"}}, Transports: []Transport{{NetID: evil, Addr: evil}}, Layouts: []Layout{{Flags: []string{evil}}}}
	e := d.Evidence(evil)
	for name, text := range map[string]string{"stacks": e.Stacks, "tasks": e.Tasks, "rpcs": e.RPCTasks, "transports": e.RPCXprt,
		"config": e.Config, "from": strings.Join(e.Elsewhere.From, "\n")} {
		assert.NotContains(t, text, "\x1b", name)
		assert.NotContains(t, "\n"+text, "\n== 1 (init)", name)
		assert.NotContains(t, "\n"+text, "\n[<0>] nfsd", name)
	}
	assert.NotPanics(t, func() { waitfor.Explain(e) })
	assert.NotPanics(t, func() { waitfor.Explain((&Dump{}).Evidence("")) })
	assert.Equal(t, waitfor.Nothing, waitfor.Explain((&Dump{}).Evidence("empty")).Class)
}
