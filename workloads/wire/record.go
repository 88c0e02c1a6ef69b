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

// Finding is something that a worker saw and that no correct kernel allows.
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
	Left     int     `json:"left"`               // allocations short of the n-th if not landed; n itself: none at all
	Function string  `json:"function,omitempty"` // the function whose allocation failed, if the kernel logged it
	Errno    string  `json:"errno,omitempty"`    // of the close, "" for none
	Worker   string  `json:"worker"`
	Uptime   float64 `json:"uptime"`
}
