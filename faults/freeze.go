package faults

import "loopfault/workloads/wire"

// Freeze freezes the exported file system (FIFREEZE): whoever would change it
// waits until it is thawed, nfsd's threads among them.
type Freeze struct {
	Span `yaml:",inline"`
	// Mount has the NFS mount at rest first, as somebody would who freezes both:
	// NFS itself cannot be frozen, so its workers are stopped until the thaw, and
	// what they wrote is synced.
	Mount bool `json:"mount,omitempty" yaml:"mount,omitempty"`
	// AtUmount freezes once more just before the trial's umount.
	AtUmount bool `json:"at_umount,omitempty" yaml:"at_umount,omitempty"`
}

// Outage returns the freeze as a trial's outage.
func (f Freeze) Outage() Outage {
	o := Outage{
		Span: f.Span, AtUmount: f.AtUmount,
		what: "the export frozen",
		kind: wire.Outage{Kind: wire.OutageFreeze, Quiesce: f.Mount},
	}
	if f.Mount {
		o.what += " after its mount came to rest"
	}
	return o
}
