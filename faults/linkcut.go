package faults

import (
	"time"

	"loopfault/workloads/wire"
)

// LinkCut takes the network away from the client that the load works on, and gives it back:
// its requests are answered late. A link that is down for longer than the session time-out of
// a Ceph cluster costs the client its session as well.
type LinkCut struct {
	Span `yaml:",inline"`
}

// Outage returns the cut as a trial's outage. TCP sends again at growing intervals: after the
// cut it may wait for as long as the cut was, and Ceph's messenger for some seconds more.
func (l LinkCut) Outage() Outage {
	return Outage{
		Span: l.Span, After: l.For + wire.Duration(15*time.Second),
		what: "the client's link down",
		kind: wire.Outage{Kind: wire.OutageLink},
	}
}
