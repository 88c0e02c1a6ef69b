package waitfor

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

const (
	stops = "== 20 (rpc.nfsd) D\n[<0>] shrinker_free+0x110/0x140\n[<0>] nfsd_destroy_serv+0x259/0x290\n[<0>] nfsd_svc+0x229/0x3a0\n"
	slept = `{"t":90,"type":"blocked","what":"rpc.nfsd","data":{"pid":20,"comm":"rpc.nfsd","state":"D","seconds":80,"stack":"[<0>] shrinker_free+0x110/0x140\n[<0>] nfsd_destroy_serv+0x259/0x290\n[<0>] nfsd_svc+0x229/0x3a0\n"}}`
	scans = "\n[<0>] nfsd_slot_shrinker_scan+0x5/0x1c0\n[<0>] do_shrink_slab+0x12e/0x340\n"
	ps    = "    PID     TID    PPID   UID STAT WCHAN                                    COMMAND\n     20      20       1     0 D    shrinker_free                            rpc.nfsd\n"
)

func looping(ran string) Explanation {
	return Explain(Evidence{Stacks: stops, Tasks: stops + "== 10 (kswapd0) R\n" + ran + scans, History: slept, PS: ps})
}

// nfsd waits for a scan of its shrinker, and the scan for a session that only nfsd can make.
func TestATaskThatRunsAllTheTimeKeepsOthersWaiting(t *testing.T) {
	for _, ran := range []string{"loopfault: in the kernel for 0.40 s of 0.40 s, without a pause", "loopfault: in the kernel for 0.10 s of 0.40 s, without a pause"} {
		x := looping(ran)
		assert.Equal(t, Cycle, x.Class, ran)
		assert.True(t, x.Looping)
		assert.Equal(t, "cycle: rpc.nfsd 20 → the last scan of a shrinker of nfsd →? kswapd0 10, which runs all the time →? a session in the list of nfsd →? rpc.nfsd 20", x.Sentence)
	}
}

func TestATaskThatPausesIsNotInALoop(t *testing.T) {
	for _, ran := range []string{"", "loopfault: in the kernel for 0.40 s of 0.40 s", "loopfault: in the kernel for 0.04 s of 0.40 s, without a pause"} {
		x := looping(ran)
		assert.Equal(t, Unknown, x.Class, ran)
		assert.False(t, x.Looping)
	}
}

// A shrinker of another kind than that which a task scans is not what nfsd waits for.
func TestWhoScansAnotherShrinkerIsNotWaitedFor(t *testing.T) {
	evicts := "== 10 (kswapd0) D\n[<0>] rpc_wait_bit_killable+0xd/0x60\n[<0>] nfs4_proc_delegreturn+0x1/0x2\n[<0>] evict+0x1/0x2\n[<0>] super_cache_scan+0x1/0x2\n[<0>] do_shrink_slab+0x12e/0x340\n"
	x := Explain(Evidence{Stacks: stops + evicts, Tasks: stops + evicts, History: slept, PS: ps, RPCTasks: "==> /sys/kernel/debug/sunrpc/rpc_clnt/4/tasks <==\n"})
	assert.NotEqual(t, Cycle, x.Class, x.Sentence)
}

// A state manager that loops is drawn once, as what it is.
func TestAManagerThatLoopsIsDrawnOnce(t *testing.T) {
	waits := "== 30 (writer/0) D\n[<0>] nfs4_wait_clnt_recover+0x1/0x2\n"
	manager := "== 31 (127.0.0.1-manager) R\nloopfault: in the kernel for 0.40 s of 0.40 s, without a pause\n[<0>] nfs4_state_manager+0x1/0x2\n[<0>] nfs4_run_state_manager+0x1/0x2\n"
	history := `{"t":90,"type":"blocked","what":"writer/0","data":{"pid":30,"comm":"writer/0","state":"D","seconds":80,"stack":"[<0>] nfs4_wait_clnt_recover+0x1/0x2\n"}}`
	x := Explain(Evidence{Stacks: waits, Tasks: waits + manager, History: history, PS: ps + "     31      31       2     0 R    -                                        127.0.0.1-manager\n"})
	assert.Equal(t, Slow, x.Class)
	assert.Equal(t, 1, strings.Count(x.Sentence, "which runs all the time"), x.Sentence)
}
