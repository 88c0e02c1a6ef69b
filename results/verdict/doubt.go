package verdict

// Doubt is the kind of reason that makes a trial inconclusive.
type Doubt string

const (
	CutShort     Doubt = "cut short"          // it did not run to its end
	NotGranted   Doubt = "layout not granted" // the mount has another layout than the scenario is about
	Idle         Doubt = "idle"               // the workloads did nothing
	NotExercised Doubt = "not exercised"      // the target was not called, or not by the way that counts
	NotLanded    Doubt = "fault not landed"   // no fault hit the path
)

// DoubtOf is the doubt about what was observed, whatever else it showed; "" for none. Trials stored before verdicts
// said theirs have it by this.
func DoubtOf(o Observations) Doubt {
	d, _ := doubt(o)
	return d
}
