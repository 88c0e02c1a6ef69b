package faults

import (
	"time"

	"loopfault/workloads/wire"
)

// MDSRestart kills the metadata server of a Ceph cluster (SIGKILL) and starts it again: it
// replays its journal, and waits for its clients to reclaim what they held.
type MDSRestart struct {
	Span `yaml:",inline"`
}

// Outage returns the restart as a trial's outage. For clients that do not come back the server
// waits for as long as mds_reconnect_timeout.
func (m MDSRestart) Outage() Outage {
	return Outage{
		Span: m.Span, After: wire.Duration(45 * time.Second),
		what: "Ceph's metadata server killed",
		kind: wire.Outage{Kind: wire.OutageMDS},
	}
}
