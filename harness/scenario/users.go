package scenario

import (
	"slices"

	"loopfault/workloads"
)

// idmap checks that owners of files have names only where that works.
func (c *checker) idmap(s Scenario) {
	if !s.Mount.IDMap {
		return
	}
	const path = "mount.idmap"
	c.want(s.Mount.Vers != "3", path, "is true, and NFSv3 knows owners by number: want mount.vers from 4.0 on")
	c.want(!s.Mount.Kerberos(), path, "is true, and rpc.svcgssd knows users of Kerberos by another configuration: want mount.sec sys")
	c.want(s.Export.Reexport == "", path, "is true, and the server's own mount would ask as well: want export.reexport left out")
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
