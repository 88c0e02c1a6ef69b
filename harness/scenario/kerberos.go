package scenario

import "loopfault/workloads/wire"

// kerberos checks that nothing comes in which takes AUTH_SYS alone.
func (c *checker) kerberos(s Scenario) {
	const path = "mount.sec"
	if s.Mount.Sec != "" { // in scenarios that were stored before the field existed
		c.oneOf(s.Mount.Sec, path, securities...)
	}
	if !s.Mount.Kerberos() {
		return
	}
	c.want(s.Mount.Layout == wire.LayoutNone, path, "is %s, which data servers do not take: want mount.layout none", s.Mount.Sec)
	c.want(s.Export.Reexport == "", path, "is %s, and the server's own mount has none of it: want export.reexport left out", s.Mount.Sec)
	c.want(s.Mount.Locks != wire.LocksServer, path, "is %s, and lockd's requests carry none of it: want mount.locks left out", s.Mount.Sec)
	for i, w := range s.Workloads {
		c.want(w.Container == nil, workloadPath(i), "mounts in networks that have no rpc.gssd: want mount.sec sys")
	}
}
