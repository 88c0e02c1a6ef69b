package scenario

import (
	"slices"
	"time"

	"loopfault/harness/timeouts"
	"loopfault/workloads/wire"
)

// BringUp is what the agent is asked to set up.
func (s Scenario) BringUp() wire.BringUp {
	cut := slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.LinkCut != nil })
	return wire.BringUp{Export: s.Export, Mount: s.Mount, Ceph: s.Ceph, Link: cut, Users: s.namedUsers()}
}

// BringUpWithin is how long that may take, of the budgets of a guest.
func (s Scenario) BringUpWithin(t timeouts.Timeouts) time.Duration {
	if s.Ceph != nil {
		return t.Cluster
	}
	return t.Step
}

// withoutDefaults takes the defaults of NFS away from a scenario of another file system;
// what its author wrote stays, for the checks to find.
func (s Scenario) withoutDefaults() Scenario {
	if s.Ceph == nil {
		return s
	}
	d := defaults()
	if s.Export == d.Export {
		s.Export = wire.Export{}
	}
	if s.Mount == d.Mount {
		s.Mount = wire.Mount{}
	}
	return s
}

// ceph checks what only scenarios with a Ceph cluster may, or must not, have.
func (c *checker) ceph(s Scenario) {
	const other = "is of NFS, and the scenario has a Ceph cluster: want one of them"
	c.want(s.Export == (wire.Export{}), "export", other)
	c.want(s.Mount == (wire.Mount{}), "mount", other)
	c.want(len(s.Applies.Vers)+len(s.Applies.FS)+len(s.Applies.Layout)+len(s.Applies.LocalIO)+len(s.Applies.Sec) == 0, "applies", other)
	c.want(len(s.Limits) == 0, "limits", other)
	c.want(s.Reference == "", "reference", other)
	if s.Ceph.Store != "" {
		c.oneOf(s.Ceph.Store, "ceph.store", wire.StoreMemory, wire.StoreBlue)
	}
	timeout := s.Ceph.SessionTimeout
	whole := timeout.D() >= 30*time.Second && timeout.D() <= 5*time.Minute && timeout.D()%time.Second == 0
	c.want(timeout == 0 || whole, "ceph.session_timeout", "is %s, want whole seconds, 30s (the least that Ceph takes) to 5m", timeout)
	for i, f := range slices.Concat(s.Pressure, s.Faults) {
		c.want(f.Freeze == nil && f.Restart == nil && f.Failover == nil && f.Silence == nil && f.Freezer == nil && f.Upcall == nil && f.FailSunrpc == nil, faultPath(s, i), other)
	}
	for i, w := range s.Workloads {
		nfs := w.Umount != nil || w.Container != nil || w.Expire != nil || w.DSError != nil || w.FaultNth != nil || w.State != nil || rivalOf(w) != ""
		c.want(!nfs, workloadPath(i), other)
	}
}

// cephOnly checks that nothing of Ceph is in a scenario of NFS.
func (c *checker) cephOnly(s Scenario) {
	const missing = "is about a Ceph cluster: want field ceph"
	for i, f := range slices.Concat(s.Pressure, s.Faults) {
		c.want(!f.ofCeph(), faultPath(s, i), missing)
	}
	for i, w := range s.Workloads {
		c.want(w.StaleTruncate == nil && w.ReadaheadClose == nil && w.Mixed == nil, workloadPath(i), missing)
	}
}

func (f Fault) ofCeph() bool {
	return f.SessionEvict != nil || f.StoreStop != nil || f.LinkCut != nil || f.MDSRestart != nil || f.MonRestart != nil || f.ClientBlocklist != nil
}

func (c *checker) staleTruncate(w *wire.StaleTruncate, s Scenario, p string) {
	if w == nil {
		return
	}
	c.between(w.Files, 1, 1000, p+".files")
	c.want(w.Size >= 1 && w.Size <= 64<<20, p+".size", "is %s, want 1B to 64MiB", w.Size)
	c.want(w.Settle.D() <= 5*time.Minute, p+".settle", "is %s, want at most 5m", w.Settle)
	c.want(w.Flush.D() >= time.Second && w.Flush.D() <= 5*time.Minute, p+".flush", "is %s, want 1s to 5m", w.Flush)
	evicts := slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.SessionEvict != nil })
	c.want(w.Self || evicts, p, "waits for its session to be evicted: want session_evict among faults, or self")
}

func (c *checker) readaheadClose(w *wire.ReadaheadClose, s Scenario, p string) {
	if w == nil {
		return
	}
	c.between(w.Files, 1, 1000, p+".files")
	c.want(w.Size >= 1 && w.Size <= 64<<20, p+".size", "is %s, want 1B to 64MiB", w.Size)
	c.want(w.Rest.D() >= 100*time.Millisecond && w.Rest.D() <= 5*time.Minute, p+".rest", "is %s, want 100ms to 5m", w.Rest)
	stops := slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.StoreStop != nil })
	c.want(stops, p, "waits for the object store to be stopped: want store_stop among faults")
}

func (c *checker) mixed(w *wire.Mixed, p string) {
	if w == nil {
		return
	}
	c.between(w.Processes, 1, 128, p+".processes")
	c.between(w.Files, 1, 1000, p+".files")
	c.want(w.MaxWrite >= 1 && w.MaxWrite <= 64<<20, p+".max_write", "is %s, want 1B to 64MiB", w.MaxWrite)
	c.between(w.Snapshots, 0, 10, p+".snapshots")
}
