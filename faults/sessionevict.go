package faults

import (
	"time"

	"loopfault/workloads/wire"
)

// SessionEvict has the metadata server of a Ceph cluster evict the session of the client that
// the load works on: the client loses all its capabilities, and makes a new session when it
// next has a request. Whether it is blocklisted as well is a setting of the cluster.
type SessionEvict struct {
	Every wire.Duration `json:"every" yaml:"every"` // mean pause before each
}

// evictionLasts is a formality: an eviction is over when it has happened.
const evictionLasts = wire.Duration(100 * time.Millisecond)

// Outage returns the eviction as a trial's outage.
func (e SessionEvict) Outage() Outage {
	return Outage{
		Span: Span{For: evictionLasts, Every: e.Every},
		what: "the client's session evicted",
		kind: wire.Outage{Kind: wire.OutageSession},
	}
}
