package scenario

import "loopfault/workloads/wire"

// reexport checks that nothing is asked of a second export which the kernel has for none
// (Documentation/filesystems/nfs/reexport.rst).
func (c *checker) reexport(s Scenario) {
	vers := s.Export.Reexport
	if vers == "" {
		return
	}
	const path = "export.reexport"
	c.oneOf(vers, path, nfsVersions...)
	c.want(vers != s.Mount.Vers, path, "is %s, as mount.vers: want another version, or both mounts would be of the same client, with one session", vers)
	c.want(s.Mount.Layout == wire.LayoutNone, path, "is a mount, which has no layouts: want mount.layout none")
	c.want(s.Mount.Locks != wire.LocksServer, path, "is a mount, whose locks no server keeps: want mount.locks left out")
	c.want(s.Mount.LocalIO != wire.LocalIOOn, path, "is a mount, and the server has no files of its own for I/O without RPC: want mount.localio off")
	for i, f := range s.Faults {
		c.want(f.Restart == nil && f.Failover == nil, faultPath(s, len(s.Pressure)+i), "stops a server whose threads wait for it: want export.reexport left out")
	}
	for i, w := range s.Workloads {
		locks := w.State != nil && w.State.Locks > 0
		c.want(!locks, workloadPath(i)+".state.locks", "are refused by a server that exports a mount: want 0")
		c.want(rivalOf(w) != vers, workloadPath(i), "has a rival of version %s, as export.reexport: want another, or it would be the server's own client", vers)
	}
}

// rivalOf is the NFS version of a workload's second mount, "" if it has none.
func rivalOf(w wire.Workload) string {
	switch {
	case w.State != nil:
		return w.State.Rival
	case w.SharedFile != nil:
		return w.SharedFile.Rival
	case w.Directory != nil:
		return w.Directory.Rival
	}
	return ""
}
