package faults

import "loopfault/workloads/wire"

// Silence takes the network away between clients and server, both ways: no packet arrives and no
// connection is reset, as when a cable is pulled or a server falls silent. Connections go on when it is
// back, as late as they were silent, since TCP waits longer each time it sends again.
type Silence struct {
	Span `yaml:",inline"`
	// AtUmount has one more begin just before the trial's umount.
	AtUmount bool `json:"at_umount,omitempty" yaml:"at_umount,omitempty"`
}

// Outage returns the silence as a trial's outage.
func (s Silence) Outage() Outage {
	return Outage{
		Span: s.Span, AtUmount: s.AtUmount,
		what: "the network between clients and server down",
		kind: wire.Outage{Kind: wire.OutageSilence},
	}
}
