package wire

// What workers record and the host reads at the end of a trial: files of JSON
// lines on tmpfs, which stay readable in a hung guest.
const (
	RecordDir    = "/run/loopfault"
	FindingsFile = "findings.jsonl" // of Finding
	NthFile      = "faultnth.jsonl" // of NthTry
)

// RecordFiles lists all of them.
func RecordFiles() []string { return []string{FindingsFile, NthFile} }

// Kinds of findings, as reports have them.
const (
	DataCorruption = "data_corruption" // a file holds what it must not hold
	LockViolation  = "lock_violation"  // two owned a lock, and neither was told
)

// Finding is something that a worker saw and that no correct kernel allows.
type Finding struct {
	Kind   string  `json:"kind"`   // DataCorruption or LockViolation
	What   string  `json:"what"`   // without names and numbers, so that two sightings are equal
	Detail string  `json:"detail"` // with them
	Worker string  `json:"worker"`
	Uptime float64 `json:"uptime"` // seconds since boot
}

// MaxNthLog is the most that a NthTry has of the kernel's log, in bytes. One report of
// the fault injection framework has some 2 KiB.
const MaxNthLog = 8 << 10

// NthTry is one try of the faultnth workload to fail the n-th allocation.
type NthTry struct {
	N      int     `json:"n"`
	Landed bool    `json:"landed"`
	Left   int     `json:"left"`            // allocations short of the n-th if not landed; n itself: none at all
	Thread int     `json:"thread"`          // the id of the thread that tried
	Log    string  `json:"log,omitempty"`   // what the kernel logged meanwhile if it landed, of other threads as well, without levels and times
	Errno  string  `json:"errno,omitempty"` // of the close, "" for none
	Worker string  `json:"worker"`
	Uptime float64 `json:"uptime"`
}
