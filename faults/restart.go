package faults

import "loopfault/workloads/wire"

// Restart stops the NFS server and starts it again: its clients have to reclaim
// what they held, within its grace period.
type Restart struct {
	Span `yaml:",inline"`
	// Forget has the server come back without knowing its clients, so that they can
	// reclaim nothing and have to get everything anew.
	Forget bool `json:"forget,omitempty" yaml:"forget,omitempty"`
}

// Outage returns the restart as a trial's outage.
func (r Restart) Outage() Outage {
	o := Outage{
		Span: r.Span, Reclaim: true,
		what: "the server stopped",
		kind: wire.Outage{Kind: wire.OutageRestart, Forget: r.Forget},
	}
	if r.Forget {
		o.what += ", its clients forgotten,"
	}
	return o
}
