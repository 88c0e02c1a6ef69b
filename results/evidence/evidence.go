// Package evidence holds the names of a trial's files and the records in them, for who writes and for who reads them.
package evidence

import "encoding/json"

// Files of a trial, in its directory.
const (
	History = "history.jsonl" // of Entry
	Console = "console.log"
	Dir     = "evidence"     // what was collected at the end or at a hang
	Quiet   = Dir + "/quiet" // the same once more, when the load was gone
)

// Types of entries that programs read; there are others, for people.
const (
	Phase    = "phase"
	Workload = "workload" // a sample of the workloads' counters, with a Sample
	Blocked  = "blocked"  // a task that sleeps for too long, with a Sleeper
	Fault    = "fault"
	Pressure = "pressure"
	// Confirmed is how a hang was confirmed without load: its What is that of a verdict.Confirmation.
	Confirmed = "confirmed"
)

// Entry is one line of the history. All lines share one clock: seconds of guest uptime. Before the guest's clock is known
// they carry 0.
type Entry struct {
	T      float64 `json:"t"`
	Type   string  `json:"type"` // phase, guest, fault, pressure, workload, blocked, report, evidence, verdict
	What   string  `json:"what,omitempty"`
	Detail string  `json:"detail,omitempty"`
	Data   any     `json:"data,omitempty"`
}

// Line is an entry as it is read: its data is of a shape that its type tells.
type Line struct {
	T      float64         `json:"t"`
	Type   string          `json:"type"`
	What   string          `json:"what"`
	Detail string          `json:"detail"`
	Data   json.RawMessage `json:"data"`
}

// Parse reads a line; false for one that is none.
func Parse(line []byte) (l Line, ok bool) {
	err := json.Unmarshal(line, &l)
	return l, err == nil && l.Type != ""
}

// Sample is what readers need of the data of Workload.
type Sample struct {
	Ops    []int64 `json:"ops"`    // of each worker so far
	Oldest float64 `json:"oldest"` // seconds for which the longest sleeper of the moment has slept, uninterruptibly
}

// Sleeper is what readers need of the data of Blocked.
type Sleeper struct {
	PID     int     `json:"pid"`
	Comm    string  `json:"comm"`
	Stack   string  `json:"stack"`
	Since   float64 `json:"since"` // uptime
	Seconds float64 `json:"seconds"`
}

// Into reads the data as v; false where it is of another shape or there is none.
func (l Line) Into(v any) bool { return json.Unmarshal(l.Data, v) == nil }
