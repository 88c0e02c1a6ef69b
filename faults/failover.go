package faults

import "loopfault/workloads/wire"

// Failover stops the NFS server, unexports and unmounts what it serves, and brings
// all of it back, with the mount in use: as when a cluster moves it to another
// machine and this client stays where it is.
type Failover struct {
	Span `yaml:",inline"`
}

// Outage returns the fail-over as a trial's outage.
func (f Failover) Outage() Outage {
	return Outage{
		Span: f.Span, Reclaim: true,
		what: "the server stopped and its file system unmounted",
		kind: wire.Outage{Kind: wire.OutageFailover},
	}
}
