// Package timeouts holds every literal duration of the harness in one struct,
// with one scale for slow (emulated) guests. It is not a place for policy: how
// often to retry or what a missed deadline means is decided by the callers.
package timeouts

import "time"

// MaxScale caps how far a slow guest may stretch the budgets.
const MaxScale = 10

// Poll is how often something is looked at that cannot be waited for, unlike a
// socket: a file that another process appends to, memory that the kernel holds.
const Poll = 20 * time.Millisecond

// NFSRetry is the longest that an NFSv4 client waits before it retries a
// request that the server delayed (NFS4_POLL_RETRY_MAX).
const NFSRetry = 15 * time.Second

// Lease is how long a client's lease lasts if nothing else is said (NFSD_LEASE_TIME).
const Lease = 90 * time.Second

// How long a browser may take for the head of its request to the report pages, and keep an idle connection.
const (
	ServeHeader = 10 * time.Second
	ServeIdle   = 2 * time.Minute
)

// ReaderStarts is how long a process of the collector may take to begin: on a machine without memory it is slow, which says
// nothing of what it is to read.
const ReaderStarts = 20 * time.Second

// ReaderDies is how long a process of the collector may take to die before it counts as one that cannot be killed.
const ReaderDies = time.Second

// How often a fleet is looked at: one whose shards are processes of this host, and one that a scheduler is asked for,
// which others want to ask, too.
const (
	LocalPoll = time.Second
	FleetPoll = 10 * time.Second
)

// Coverage is how long gcov may take for the counts of one trial; it takes a second or two.
const Coverage = 2 * time.Minute

// NightAge is the age from which an interrupted nightly is not resumed: the next
// one is due.
const NightAge = 24 * time.Hour

// protocol is how long a task waits for by rule, which no emulation makes longer: an NFSv3
// request that the server put off is sent again after 5 s (NFS_JUKEBOX_RETRY_TIME).
const protocol = 5 * time.Second

// Timeouts are upper bounds, ordered by cause: the kernel's own hung-task
// period is shorter than the stall budget of our watch, that is shorter than
// one step, and a step is shorter than a trial. A budget that fires is
// therefore always explained by the one before it. A single sleep is suspected
// sooner than a workload without progress, since who sleeps on without load tells.
type Timeouts struct {
	Connect   time.Duration // QEMU process started to QMP greeting and capabilities
	Command   time.Duration // one QMP command
	FirstLine time.Duration // vCPUs started to the first byte on the serial console
	Boot      time.Duration // vCPUs started to the agent's hello
	Handshake time.Duration // one SSH handshake
	Remote    time.Duration // one short command in the guest, over SSH or the agent
	HungTask  time.Duration // kernel.hung_task_timeout_secs
	HungCheck time.Duration // kernel.hung_task_check_interval_secs
	Suspect   time.Duration // see Suspicion
	Allowed   time.Duration // how long everything may stop by rule, no matter how fast a guest is
	Outage    time.Duration // what of that is due to outages: while one lasts, waiters have no waker in the guest
	Stall     time.Duration // a workload that makes no progress for this long hangs, if that outlives the load
	Step      time.Duration // one step of a trial: bring-up, settle, umount
	Cluster   time.Duration // bring-up of a Ceph cluster, the longest step of all
	Evidence  time.Duration // all evidence of one hang
	Dump      time.Duration // a dump of a guest's memory
	Quit      time.Duration // polite exit of QEMU before it is killed
}

// For returns the budgets for guests that run scale times slower than a
// hardware-virtualized one. A scale below 1 counts as 1, above MaxScale as
// MaxScale.
func For(scale float64) Timeouts {
	scale = min(max(scale, 1), MaxScale)
	t := func(d time.Duration) time.Duration {
		return time.Duration(float64(d) * scale).Round(time.Second)
	}
	return Timeouts{
		Connect:   t(5 * time.Second),
		Command:   t(5 * time.Second),
		FirstLine: t(5 * time.Second),
		Boot:      t(20 * time.Second),
		Handshake: t(5 * time.Second),
		Remote:    t(5 * time.Second),
		HungTask:  t(5 * time.Second),
		HungCheck: t(1 * time.Second),
		Suspect:   t(3 * time.Second),
		Stall:     t(8 * time.Second),
		Step:      t(20 * time.Second),
		Cluster:   t(60 * time.Second),
		Evidence:  t(15 * time.Second),
		Dump:      t(30 * time.Second),
		Quit:      t(2 * time.Second),
	}
}

// Allow returns the budgets of a guest in which everything may stop for d, in an outage for as long as outage says: a
// sleep longer than that plus the budget is still a hang.
func (t Timeouts) Allow(d, outage time.Duration) Timeouts {
	t.Outage += outage
	t.HungTask += d
	t.Allowed += d
	t.Stall += d
	t.Step += d
	t.Cluster += d
	return t
}

// Suspicion is the age of a sleep at which possible wakers of the task are searched, in a guest that is slow times slower than it
// was. What is waited for by rule, but for outages, is found to be a waker like any other.
func (t Timeouts) Suspicion(slow float64) time.Duration {
	return t.Outage + time.Duration(float64(t.Suspect)*slow)
}

// LongSleep is the age of a sleep from which it is a hang, if it outlives the load, in a guest that is slow times slower: what is
// waited for by rule takes no longer in it, work does.
func (t Timeouts) LongSleep(slow float64) time.Duration {
	return protocol + t.Allowed + time.Duration(float64(t.Suspect)*slow)
}
