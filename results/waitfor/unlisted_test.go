package waitfor

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRPCsThatAreCountedButNotListed(t *testing.T) {
	const cb = "==> /a/0/tasks <==\n    2 2281      0 0x3 0x0        2 nfsd4_cb_ops nfs4_cbv1 CB_LAYOUT a:x q:delayq\nclnt[127.0.0.1:0] RPC tasks[3]\n"
	const forward = "==> /a/1/tasks <==\n   61 c805      0 0x4 0xc3    10486 ops nfsv4 WRITE a:call_status q:xprt_pending\nclnt[127.0.0.1:2049] RPC tasks[11]\n"
	const again = "clnt[127.0.0.1:2049] RPC tasks[11]\n"
	const all = "==> /a/2/tasks <==\n   62 c805      0 0x5 0xc4    10486 ops nfsv4 WRITE a:call_status q:xprt_pending\nclnt[[::1]:2049] RPC tasks[1]\n"
	assert.Equal(t, unlisted{count: 10, late: true}, parseUnlisted(cb+forward+again+all, ""))
	assert.Equal(t, unlisted{late: true}, parseUnlisted(all, ""), "each one is listed")
	assert.Equal(t, unlisted{late: true}, parseUnlisted("", "#\n# Linux/x86 7.3.4 Kernel Configuration\n"), "none is listed, none counted")
	assert.Zero(t, parseUnlisted("", "#\n# Linux/x86 6.12.117 Kernel Configuration\n"))
	for _, text := range []string{"", "clnt[x] RPC tasks[", "clnt[x] RPC tasks[99999999999999999999]", "clnt[x] RPC tasks[-3]"} {
		assert.Zero(t, parseUnlisted(text, "").count, text)
	}
}

// A wait whose operation the stack does not tell is not one for an RPC that is gone, while
// some are under way.
func TestAnyRPCMayBeTheOneOfAnUnknownWait(t *testing.T) {
	e := Evidence{
		Stacks:   "== 257 (mount.nfs) D 240 0\nrpc_wait_bit_killable\n[<0>] rpc_wait_bit_killable+0xd/0x60\n[<0>] __rpc_execute+0x121/0x470\n",
		RPCTasks: "==> /a/7/tasks <==\n    1 c980      0 0x7 0xcd75e471    10409 nfs41_call_sync_ops nfsv4 SECINFO_NO_NAME a:call_status q:xprt_pending\n",
		History:  `{"t":1,"type":"blocked","what":"mount.nfs","data":{"pid":257,"comm":"mount.nfs","state":"D","since":1,"seconds":20,"stack":"[<0>] rpc_wait_bit_killable+0xd/0x60\n[<0>] __rpc_execute+0x121/0x470\n"}}` + "\n",
	}
	x := Explain(e)
	assert.NotEqual(t, Lost, x.Class, x.Sentence)
	assert.Contains(t, x.Sentence, "SECINFO_NO_NAME")
	e.RPCTasks = "==> /a/7/tasks <==\n"
	assert.Equal(t, Lost, Explain(e).Class, "none is under way")
}

// A session of which most slots are free keeps no request waiting: what no RPC is listed
// for is lost then, as on kernels that list each one.
func TestUnlistedRPCsNeedSomethingToWaitFor(t *testing.T) {
	open := "== 8 (churn/1) D 1 0\n__wait_on_freeing_inode\n[<0>] __wait_on_freeing_inode+0x1/0x2\n[<0>] nfs_fhget+0x1/0x2\n[<0>] _nfs4_opendata_to_nfs4_state+0x1/0x2\n"
	wait := "== 7 (sharedfile/0) D 1 0\nrpc_wait_bit_killable\n[<0>] rpc_wait_bit_killable+0xd/0x60\n[<0>] nfs4_proc_layoutreturn+0x1/0x2\n[<0>] nfs4_evict_inode+0x1/0x2\n[<0>] evict+0x1/0x2\n"
	e := Evidence{
		Stacks: open + wait, Config: "# Linux/x86 7.3.4 Kernel Configuration\n", RPCTasks: "==> /a/0/tasks <==\n",
		NFSD:    "==> /proc/fs/nfsd/clients/3/info <==\nsession slots: 8\nsession target slots: 1\n",
		History: `{"t":1,"type":"blocked","what":"sharedfile/0","data":{"pid":7,"comm":"sharedfile/0","state":"D","since":1,"seconds":20,"stack":"[<0>] rpc_wait_bit_killable+0xd/0x60\n[<0>] nfs4_proc_layoutreturn+0x1/0x2\n"}}` + "\n",
	}
	assert.Equal(t, Cycle, Explain(e).Class, Explain(e).Sentence)
	e.NFSD = "==> /proc/fs/nfsd/clients/3/info <==\nsession slots: 8\nsession target slots: 8\n"
	assert.Equal(t, Lost, Explain(e).Class, Explain(e).Sentence)
}
