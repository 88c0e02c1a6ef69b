package waitfor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"loopfault/results/report/plain"
)

// rpc is one line of rpc_clnt/*/tasks.
type rpc struct {
	number int    // tk_pid: counts up for each client
	flags  uint64 // tk_flags
	status int
	client string // "0x3"
	xid    uint64 // 0 before it has one
	timer  int    // ticks until its timer fires, 0 if none runs
	prog   string // "nfsv4", "nfsv3", "nfs4_cbv1"
	op     string // "LAYOUTRETURN"
	action string
	queue  string // "xprt_pending", "none"
	age    float64
	aged   bool // age is known, counted from when it was last sent
	over   bool // it was gone a moment later
}

const (
	rpcSent  = 0x0800 // RPC_TASK_SENT
	rpcMajor = 0x0020 // RPC_CALL_MAJORSEEN: its whole time has run out once (timeo and retrans of nfs(5)), and it waits on
)

const noQueue = "none"

// callback says whether the server asks the client.
func (r *rpc) callback() bool {
	return strings.HasPrefix(r.op, "CB_") || strings.HasPrefix(r.prog, "nfs4_cb")
}

// parseRPCs reads rpc-tasks.txt: number, flags, status, client, xid, timer,
// operations' table, program with version, operation, action, queue.
func parseRPCs(text string) []*rpc {
	var all []*rpc
	for _, line := range sections(text) {
		head, queue, ok := strings.Cut(line, " q:")
		f := slices.DeleteFunc(strings.Fields(head), inBrackets)
		// A task of a client without a name for the operation has a number there.
		if !ok || len(f) < 10 || len(all) >= maxTasks {
			continue
		}
		r := &rpc{client: plain.Short(f[3], 16), prog: plain.Short(f[7], 24), queue: plain.Short(queue, 40)}
		r.op = plain.Short(f[8], 32)
		r.action = plain.Short(strings.TrimPrefix(f[9], "a:"), 48)
		var errs [5]error
		r.number, errs[0] = strconv.Atoi(f[0])
		r.flags, errs[1] = strconv.ParseUint(f[1], 16, 32)
		r.status, errs[2] = strconv.Atoi(f[2])
		r.xid, errs[3] = strconv.ParseUint(strings.TrimPrefix(f[4], "0x"), 16, 32)
		r.timer, errs[4] = strconv.Atoi(f[5])
		if errs == [5]error{} {
			all = append(all, r)
		}
	}
	return all
}

// inBrackets tells the name of a module, which the kernel prints behind a function of it.
func inBrackets(field string) bool { return strings.HasPrefix(field, "[") }

// usualHZ is CONFIG_HZ of most kernels, ours among them.
const usualHZ = 250

// ticksPerSecond is CONFIG_HZ, and whether the configuration tells it.
func ticksPerSecond(config string) (hz int, told bool) {
	for line := range lines(config) {
		if value, ok := strings.CutPrefix(line, "CONFIG_HZ="); ok {
			if hz, err := strconv.Atoi(value); err == nil && hz > 0 && hz <= 10000 {
				return hz, true
			}
		}
	}
	return usualHZ, false
}

// setAges reckons when RPCs that wait for a reply were sent: their timer has run
// since, and started at the mount's timeo, a callback's at a tenth of the lease. The
// kernel prints it in ticks. It says of how many the age is known.
func setAges(all []*rpc, m mounts, hz int) (aged int) {
	for _, r := range all {
		whole := m.timeo
		if r.callback() {
			whole = m.lease / 10
		}
		ticks := int(whole * float64(hz))
		if r.flags&rpcSent != 0 && r.timer > 0 && r.timer <= ticks {
			r.age, r.aged = float64(ticks-r.timer)/float64(hz), true
			aged++
		}
	}
	return aged
}

// setOver marks the RPCs that a second look did not find any more. One that is
// sent again keeps its number; numbers are given once.
func setOver(all []*rpc, later string) {
	second := parseRPCs(later)
	if later == "" || strings.Contains(later, "loopfault: ") || len(second) >= maxTasks {
		return // some were not read
	}
	type name struct {
		client string
		number int
	}
	there := map[name]bool{}
	for _, r := range second {
		there[name{r.client, r.number}] = true
	}
	for _, r := range all {
		r.over = !there[name{r.client, r.number}]
	}
}

// passing says whether an RPC looks like traffic rather than like a hang: it was
// gone a moment later, is being worked on, or was sent within the last second. Once its time-out has run out, the
// timer no longer tells when it was sent: it starts anew, and NFSv4 sends nothing again while the connection stays up.
func (r *rpc) passing() bool {
	return r.over || r.aged && r.age < 1 && r.flags&rpcMajor == 0 || r.queue == noQueue
}

// holdsSlot says whether an RPC has its session slot: not while it waits for its
// turn, and one that the server put off gives it back, unless the server was still
// at the first sending of that very request, when it starts over with the slot.
func (r *rpc) holdsSlot() bool {
	return queues[r.queue] == "" && (r.queue != "delayq" || r.action == "call_start" || r.connects())
}

// connects says whether an RPC waits before it tries to reach the server again
// (call_bind_status, call_connect_status, call_status: no route, refused): one that the server put off starts over instead.
func (r *rpc) connects() bool {
	return r.queue == "delayq" && slices.Contains([]string{"call_bind", "call_connect", "call_encode"}, r.action)
}

func (r *rpc) String() string {
	var in []string
	if r.xid != 0 {
		in = append(in, fmt.Sprintf("xid 0x%08x", r.xid))
	}
	switch {
	case r.over:
		in = append(in, "gone a moment later")
	case r.flags&rpcMajor != 0 && r.aged:
		in = append(in, "its time-out ran out")
	case r.aged && r.age < 1:
		in = append(in, "just sent")
	case r.aged:
		in = append(in, fmt.Sprintf("sent %.0f s ago", r.age))
	case r.queue == noQueue:
		in = append(in, "in "+r.action)
	case r.connects():
		in = append(in, "tries to connect again")
	case r.xid == 0 && r.flags&rpcSent == 0:
		in = append(in, "not sent, on "+r.queue)
	default:
		in = append(in, "on "+r.queue)
	}
	return r.op + " (" + strings.Join(in, ", ") + ")"
}

// xprt is one rpc_xprt/*/info.
type xprt struct {
	netid, addr, port string
	state             uint64
}

// connected reads XPRT_CONNECTED.
func (x xprt) connected() bool { return x.state&(1<<1) != 0 }

// words are the bits of the state, as the kernel names them.
func (x xprt) words() string {
	names := [...]string{"LOCKED", "CONNECTED", "CONNECTING", "CLOSE_WAIT", "BOUND", "BINDING", "CLOSING", "OFFLINE", "REMOVE",
		"CONGESTED", "CWND_WAIT", "WRITE_SPACE", "SND_IS_COOKIE"}
	var on []string
	for i, n := range names {
		if x.state&(1<<i) != 0 {
			on = append(on, n)
		}
	}
	return strings.Join(on, "|")
}

// parseXprts reads rpc-xprt.txt.
func parseXprts(text string) []xprt {
	var all []xprt
	last := ""
	for path, line := range sections(text) {
		if path != last || len(all) == 0 {
			if len(all) >= maxTasks {
				break
			}
			all, last = append(all, xprt{}), path
		}
		x := &all[len(all)-1]
		key, value, _ := strings.Cut(line, ":")
		value = plain.Short(strings.TrimSpace(value), 64)
		switch key {
		case "netid":
			x.netid = value
		case "addr":
			x.addr = value
		case "port":
			x.port = value
		case "state":
			x.state, _ = strconv.ParseUint(strings.TrimPrefix(value, "0x"), 16, 64)
		}
	}
	return all
}
