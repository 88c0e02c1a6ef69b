package kernelreport

// FromFinding makes a report of what a checking workload found: kind is KindDataCorruption or KindLockViolation, what says
// it without names and numbers, comm is the worker.
func FromFinding(kind Kind, what, comm string) Report {
	r := Report{
		Kind: kind, Title: "BUG: " + what, Count: 1,
		Tasks: []Task{{Role: RoleReporter, Comm: commText([]byte(comm)), Frames: []Frame{}}},
	}
	r.Signature = signature(&r, nil, what, "")
	return r
}
