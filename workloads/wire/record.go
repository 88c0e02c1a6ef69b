package wire

// What workers find out and the host reads at the end of a trial: files of JSON
// lines on tmpfs, so that they can be read whatever hangs.
const (
	RecordDir    = "/run/loopfault"
	FindingsFile = "findings.jsonl" // of Finding
	NthFile      = "faultnth.jsonl" // of NthTry
)

// RecordFiles lists all of them.
func RecordFiles() []string { return []string{FindingsFile, NthFile} }

// Finding is something that a worker saw and that no correct kernel lets happen.
type Finding struct {
	Kind   string  `json:"kind"`   // as kernelreport names it: data_corruption, lock_violation
	What   string  `json:"what"`   // without names and numbers, so that two sightings are equal
	Detail string  `json:"detail"` // with them
	Worker string  `json:"worker"`
	Uptime float64 `json:"uptime"` // seconds since boot
}

// NthTry is one try of the faultnth workload to fail the n-th allocation.
type NthTry struct {
	N        int     `json:"n"`
	Landed   bool    `json:"landed"`
	Left     int     `json:"left"`               // allocations that were still to come before the n-th, if it did not land; n itself: there was none at all
	Function string  `json:"function,omitempty"` // that asked for what it did not get, if the kernel said so
	Errno    string  `json:"errno,omitempty"`    // of the close, "" for none
	Worker   string  `json:"worker"`
	Uptime   float64 `json:"uptime"`
}
