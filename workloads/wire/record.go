package wire

// What workers find out and the host reads at the end of a trial: files of JSON
// lines on tmpfs, so that they can be read whatever hangs.
const (
	RecordDir    = "/run/loopfault"
	FindingsFile = "findings.jsonl" // of Finding
)

// RecordFiles lists all of them.
func RecordFiles() []string { return []string{FindingsFile} }

// Finding is something that a worker saw and that no correct kernel lets happen.
type Finding struct {
	Kind   string  `json:"kind"`   // as kernelreport names it: data_corruption, lock_violation
	What   string  `json:"what"`   // without names and numbers, so that two sightings are equal
	Detail string  `json:"detail"` // with them
	Worker string  `json:"worker"`
	Uptime float64 `json:"uptime"` // seconds since boot
}
