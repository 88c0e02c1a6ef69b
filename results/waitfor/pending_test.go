package waitfor_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/waitfor"
)

// What a timer will bring may end by itself; what only another task could end does not.
func TestTimersThatArePending(t *testing.T) {
	for name, want := range map[string]string{
		"own-delegation":            "the client repeats what the server puts off (NFS4ERR_DELAY or the like) while it recalls, for one lease (90 s)",
		"lease-broken":              "the server repeats a recall, for two leases (of 90 s)",
		"stock-recall-slow":         "the server repeats a recall, for two leases (of 90 s)",
		"layout-broken-in-recovery": "the server takes back a layout that was recalled, after two leases (of 90 s)",
		"grace-opens":               "the server's grace period ends (90 s)",
		"layoutreturn-unanswered":   "",
		"seqid-asleep":              "",
		"create-lock-kept":          "",
		"frozen-all":                "",
	} {
		got := waitfor.Pending(evidenceOf(t, "testdata/hangs/"+name), 90)
		if want == "" {
			assert.Empty(t, got, name)
		} else if assert.NotEmpty(t, got, name) {
			assert.Equal(t, want, got[0].What, name)
			assert.Positive(t, got[0].Left, name)
		}
	}
	assert.Empty(t, waitfor.Pending(waitfor.Evidence{}, 90))
	grace := waitfor.Pending(evidenceOf(t, "testdata/hangs/grace-opens"), 15)
	assert.Equal(t, waitfor.Timer{What: "the server's grace period ends (90 s)", Left: 90}, grace[0])
}

// A request of NFSv3 is sent again, one of NFSv4 is not.
func TestOnlyRequestsThatAreSentAgainHaveATimer(t *testing.T) {
	line := " 1626 0c05      0 0x5 0xe546be72    2500 calls nfsv%s GETATTR a:call_status q:xprt_pending\n"
	for version, want := range map[string]int{"3": 1, "4": 0} {
		text := "==> tasks <==\n" + fmt.Sprintf(line, version)
		got := waitfor.Pending(waitfor.Evidence{RPCTasks: text}, 90)
		if assert.Len(t, got, want, "NFSv%s", version) && want > 0 {
			assert.InDelta(t, 10, got[0].Left, 0.01)
		}
	}
}

// What traffic hides under load shows when the load is gone; what was told already stays.
func TestTwoLooksAtAHangAreTakenTogether(t *testing.T) {
	lost := waitfor.Explanation{Class: waitfor.Lost, Sentence: "lost wake-up: x"}
	slow := waitfor.Explanation{Class: waitfor.Slow, Sentence: "slow: y"}
	assert.Equal(t, waitfor.Lost, waitfor.Together(slow, lost).Class)
	assert.Equal(t, []string{"seen after the load had ended; under load: slow: y"}, waitfor.Together(slow, lost).Details)
	assert.Equal(t, "slow: y", waitfor.Together(lost, slow).Sentence, "what is lost stays lost")
	assert.Equal(t, []string{"seen after the load had ended; under load it looked like this: lost wake-up: x"}, waitfor.Together(lost, slow).Details)
	assert.Empty(t, waitfor.Together(lost, lost).Details)
}
