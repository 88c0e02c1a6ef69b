package faults

import (
	"time"

	"loopfault/workloads/wire"
)

// resentLater is how long an NFSv4.1 client waits whose request arrived twice: the server put the first aside when it closed
// the connection, and answers the second with NFS4ERR_DELAY (NFS4_POLL_RETRY_MAX).
const resentLater = 15 * time.Second

// Upcall takes away a daemon that the kernel asks. The NFS server asks mountd who a client is and what is
// exported, nfsdcld which clients may reclaim their state, and svcgssd to accept a Kerberos context; the client asks gssd
// to make one. Both ask idmapd for names and numbers of owners. What mountd or idmapd said, and all contexts, the
// server forgets when the outage begins.
type Upcall struct {
	Span   `yaml:",inline"`
	Daemon string `json:"daemon" yaml:"daemon"` // mountd, nfsdcld, gssd, svcgssd or idmapd; gssd and svcgssd need mount.sec, idmapd needs mount.idmap
	// Killed has the daemon killed and started again; if it is asked something within two seconds, it dies
	// when it has read the question and not answered it. Otherwise it is stopped (SIGSTOP), so that it is there
	// and does not answer.
	Killed bool `json:"killed,omitempty" yaml:"killed,omitempty"`
	// AtUmount has one more begin just before the trial's umount.
	AtUmount bool `json:"at_umount,omitempty" yaml:"at_umount,omitempty"`
}

// Outage returns it as a trial's outage.
func (u Upcall) Outage() Outage {
	how := " stopped"
	if u.Killed {
		how = " killed"
	}
	return Outage{
		Span: u.Span, AtUmount: u.AtUmount, After: wire.Duration(resentLater),
		what: u.Daemon + how,
		kind: wire.Outage{Kind: wire.OutageUpcall, Daemon: u.Daemon, Killed: u.Killed},
	}
}
