package trial

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"loopfault/results/kernelreport"
	"loopfault/results/verdict"
	"loopfault/workloads/wire"
)

// Who waits for a timer of the client may come back by itself; who waits for another
// task does not.
func TestWhatIsPutOff(t *testing.T) {
	assert.True(t, putOff("[<0>] nfs4_handle_exception+0x1/0x2\n[<0>] nfs4_proc_layoutget+0x1/0x2\n", ""))
	assert.True(t, putOff("", " 1476 0405      0 0x5 0x0      390 ff_layout_write_call_ops_v3 nfsv3 WRITE a:rpc_prepare_task q:delayq\n"))
	assert.False(t, putOff("[<0>] rpc_wait_bit_killable+0x1/0x2\n[<0>] nfs4_proc_layoutreturn+0x1/0x2\n",
		" 1626 0c05      0 0x5 0xe546be72    14996 nfs4_layoutreturn_call_ops nfsv4 LAYOUTRETURN a:call_status q:xprt_pending\n"),
		"an RPC that is not answered is not put off")
	assert.False(t, putOff("", ""))
}

// The longest timer that may be under way is the server's patience with a client.
func TestTheQuietOutlastsTheLease(t *testing.T) {
	assert.Equal(t, 2*time.Minute, quietFor(wire.Export{}))
	assert.Equal(t, 45*time.Second, quietFor(wire.Export{Lease: wire.Duration(15 * time.Second)}))
}

func TestReportsThatWereTakenBackProveNothing(t *testing.T) {
	e := eyes{console: []kernelreport.Report{
		{Kind: kernelreport.KindHungTask, Detector: verdict.Khungtaskd}, {Kind: kernelreport.KindRCUStall, Detector: verdict.Console},
	}}
	e.takeBack()
	assert.Equal(t, verdict.Doubtful, e.console[0].Detector)
	assert.Equal(t, verdict.Console, e.console[1].Detector, "others are not about those tasks")
}
