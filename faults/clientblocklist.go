package faults

import (
	"time"

	"loopfault/workloads/wire"
)

// ClientBlocklist has the metadata server of a Ceph cluster evict the session of the client that
// the load works on, and blocklist it: the object store takes nothing from it for an hour, not
// even what it has in its cache. With the mount option recover_session=clean the client throws
// that away and comes back as a new one; without, all that it does fails from then on.
type ClientBlocklist struct {
	Every wire.Duration `json:"every" yaml:"every"` // mean pause before each
}

// Outage returns the blocklisting as a trial's outage. The client looks every few seconds
// whether it is blocklisted.
func (b ClientBlocklist) Outage() Outage {
	return Outage{
		Span: Span{For: evictionLasts, Every: b.Every}, After: wire.Duration(30 * time.Second),
		what: "the client blocklisted",
		kind: wire.Outage{Kind: wire.OutageBlocklist},
	}
}
