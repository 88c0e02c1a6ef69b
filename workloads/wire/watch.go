package wire

import "time"

// WatchPeriod is how far apart samples are in a guest that has its processors.
const WatchPeriod = time.Second

// Sample is one line of the watch channel, sent once a period. Nothing in it
// is read from an NFS mount.
type Sample struct {
	Uptime  float64   `json:"uptime"`            // seconds, CLOCK_BOOTTIME
	Ops     []int64   `json:"ops"`               // operations done, by counter slot
	Errors  []int64   `json:"errors"`            // operations that failed, by counter slot
	FirstOp float64   `json:"first_op"`          // uptime at which the first operation of all was done, 0 before it
	Spin    float64   `json:"spin"`              // seconds of processor time that a fixed piece of work took: how slow the guest is
	Asleep  int       `json:"asleep"`            // tasks in uninterruptible sleep now, of whatever age
	Oldest  float64   `json:"oldest"`            // age of the longest of these sleeps, in seconds
	Blocked []Blocked `json:"blocked,omitempty"` // tasks that crossed the stall budget since the last line
}

// Blocked is a task that has been in uninterruptible sleep, killable or not,
// without one context switch for longer than the stall budget.
type Blocked struct {
	PID     int     `json:"pid"` // of the thread
	TGID    int     `json:"tgid"`
	Comm    string  `json:"comm"`
	State   string  `json:"state"`
	Wchan   string  `json:"wchan"`
	Since   float64 `json:"since"`   // uptime at which the sleep was first seen
	Seconds float64 `json:"seconds"` // how long that is ago
	Stack   string  `json:"stack"`   // /proc/<pid>/stack
}
