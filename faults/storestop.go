package faults

import "loopfault/workloads/wire"

// StoreStop stops the object store of a Ceph cluster (SIGSTOP) and lets it go on: its clients'
// reads and writes are answered late.
type StoreStop struct {
	Span `yaml:",inline"`
}

// Outage returns the stop as a trial's outage.
func (s StoreStop) Outage() Outage {
	return Outage{
		Span: s.Span,
		what: "Ceph's object store stopped",
		kind: wire.Outage{Kind: wire.OutageStore},
	}
}
