package reproduce

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/kernelreport"
)

func TestChooseLooksAtAllHangs(t *testing.T) {
	ceph := kernelreport.FromStack("ls", 7, "D", 20, "[<0>] ceph_mdsc_do_request+0x1/0x2\n[<0>] ceph_do_getattr+0x1/0x2\n")
	nfs := kernelreport.FromStack("umount", 8, "D", 20,
		"[<0>] rpc_wait_bit_killable+0xd/0x60\n[<0>] nfs4_proc_layoutreturn+0x1/0x2\n[<0>] pnfs_send_layoutreturn+0x1/0x2\n[<0>] evict+0x1/0x2\n")
	wanted, fitting, err := Choose([]kernelreport.Report{ceph, nfs})
	require.NoError(t, err)
	assert.Equal(t, nfs.Signature, wanted.Signature, "the first report is not the one that fits")
	require.NotEmpty(t, fitting)
	for _, r := range fitting {
		assert.Positive(t, r.Score)
		assert.NotEmpty(t, r.Shared, r.Scenario.Name)
	}
	_, fitting, err = Choose([]kernelreport.Report{ceph})
	require.NoError(t, err)
	assert.Empty(t, fitting)
	assert.Equal(t, "a scenario about ceph_mdsc_do_request, ceph_do_getattr", Missing([]kernelreport.Report{ceph}))
	bare := kernelreport.FromStack("ls", 7, "D", 20, "[<0>] schedule+0x1/0x2\n")
	assert.Equal(t, "a stack that tells more than that a task waits", Missing([]kernelreport.Report{bare}))
}
