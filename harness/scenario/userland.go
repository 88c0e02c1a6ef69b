package scenario

import "loopfault/workloads/wire"

// tracker is the one value of export.tracking that is a program.
const tracker = "nfsdcld"

// Programs lists programs that the scenario starts in the guest and that some
// Debian releases lack in the root image's packages.
func (s Scenario) Programs() []string {
	if s.Ceph != nil {
		return []string{"ceph-mon", "ceph-osd", "ceph-mds"}
	}
	programs := []string{"mkfs." + s.Export.FS}
	if s.Export.Tracking == tracker {
		programs = append(programs, tracker)
	}
	if s.Mount.Layout == wire.LayoutBlock { // sid's nfs-common came without it in 2026
		programs = append(programs, "blkmapd")
	}
	if s.Mount.Kerberos() {
		programs = append(programs, "krb5kdc", "kadmin.local", "kinit", "rpc.gssd", "rpc.svcgssd")
	}
	if s.Mount.IDMap {
		programs = append(programs, "rpc.idmapd")
	}
	return programs
}
