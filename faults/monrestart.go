package faults

import (
	"time"

	"loopfault/workloads/wire"
)

// MonRestart kills the monitor of a Ceph cluster (SIGKILL) and starts it again: what clients and
// servers know of the cluster is old meanwhile, and they look for a monitor at growing intervals.
type MonRestart struct {
	Span `yaml:",inline"`
}

// Outage returns the restart as a trial's outage.
func (m MonRestart) Outage() Outage {
	return Outage{
		Span: m.Span, After: wire.Duration(30 * time.Second),
		what: "Ceph's monitor killed",
		kind: wire.Outage{Kind: wire.OutageMon},
	}
}
