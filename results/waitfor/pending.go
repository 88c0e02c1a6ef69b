package waitfor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Timer is something that will happen by itself, and may wake who sleeps.
type Timer struct {
	What string  // one line, without text of the guest
	Left float64 // seconds until it fires, at most
}

// leaseBreak is fs.lease-break-time in seconds: then a lease is taken back by force.
const leaseBreak = 45

// lockPoll is after how many seconds a client asks again for a lock of NFSv3.
const lockPoll = 30

// Pending lists the timers that the evidence shows, the longest first; none says that
// nothing which it shows will happen by itself. lease is the server's, in seconds:
// after one it revokes a delegation that is not returned (nfs4_laundromat), after two a
// layout (nfsd4_cb_layout_done).
//
// A request of NFSv4 that was sent has no timer that would end its wait: it is not sent
// again over the same connection (RFC 8881, 2.9.2). One of NFSv3 is.
func Pending(e Evidence, lease float64) []Timer {
	var all []Timer
	add := func(what string, left float64) { all = append(all, Timer{what, left}) }
	hz, _ := ticksPerSecond(e.Config)
	for _, r := range parseRPCs(e.RPCTasks) {
		left := float64(r.timer) / float64(hz)
		switch {
		case r.callback():
			add(fmt.Sprintf("the server repeats a recall, for two leases (of %.0f s)", lease), 2*lease)
		case r.connects():
			add("the client tries to connect to the server again", max(left, lease))
		case r.queue == "delayq":
			add(delayed(lease), max(left, lease))
		case r.queue == "xprt_pending" && r.timer > 0 && !strings.HasPrefix(r.prog, "nfsv4"):
			add("an RPC is sent again after its time-out", left)
		}
	}
	if grace := parseServer(e.NFSD, nil).grace; grace > 0 {
		add(fmt.Sprintf("the server's grace period ends (%d s)", grace), float64(grace))
	}
	for _, text := range []string{e.Stacks, e.Tasks} {
		if strings.Contains(text, "nfs4_handle_exception") || strings.Contains(text, "nfs4_delay") {
			add(delayed(lease), lease)
		}
		if strings.Contains(text, "nlmclnt_") {
			add("the client asks again for a lock of NFSv3 (NLMCLNT_POLL_TIMEOUT)", lockPoll)
		}
		if strings.Contains(text, "break_leased_layouts") {
			add(fmt.Sprintf("the server takes back a layout that was recalled, after two leases (of %.0f s)", lease), 2*lease)
		}
		if strings.Contains(text, leaseBreaker) {
			add("the server takes back a lease that was recalled (fs.lease-break-time)", leaseBreak)
		}
	}
	slices.SortStableFunc(all, func(a, b Timer) int { return cmp.Compare(b.Left, a.Left) })
	return slices.CompactFunc(all, func(a, b Timer) bool { return a.What == b.What })
}

func delayed(lease float64) string {
	return fmt.Sprintf("the client repeats what the server puts off (NFS4ERR_DELAY or the like) while it recalls, for one lease (%.0f s)", lease)
}
