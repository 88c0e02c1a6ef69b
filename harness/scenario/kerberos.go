package scenario

import (
	"slices"

	"loopfault/workloads"
	"loopfault/workloads/wire"
)

// kerberos checks how users are known to the server: that nothing comes in which takes AUTH_SYS alone, and that
// owners of files have names only where that works.
func (c *checker) kerberos(s Scenario) {
	const path = "mount.sec"
	if s.Mount.Sec != "" { // in scenarios that were stored before the field existed
		c.oneOf(s.Mount.Sec, path, securities...)
	}
	if s.Mount.IDMap {
		c.want(!s.Mount.Kerberos(), "mount.idmap", "is true: want mount.sec sys")
		c.want(s.Mount.Vers != "3", "mount.idmap", "is true, and NFSv3 has no names: want mount.vers from 4.0 on")
		c.want(s.Export.Reexport == "", "mount.idmap", "is true: want export.reexport left out")
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

// namedUsers are the ids of all users, but for root, that processes of the load run as; none
// if users have neither Kerberos tickets nor names.
func (s Scenario) namedUsers() (uids []int) {
	if !s.Mount.Kerberos() && !s.Mount.IDMap {
		return nil
	}
	for _, w := range s.Workloads {
		if w.Umount != nil {
			uids = append(uids, workloads.UmountUsers(*w.Umount)...)
		}
		workers, err := workloads.Of(w)
		if err != nil {
			continue // the workload's own check names it
		}
		for _, one := range workers {
			uids = append(uids, one.UID)
		}
	}
	slices.Sort(uids)
	return slices.DeleteFunc(slices.Compact(uids), func(uid int) bool { return uid == 0 })
}
