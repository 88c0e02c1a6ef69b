package image

import (
	_ "embed"
	"slices"

	"loopfault/vmimages/packages"
)

// What a root image with a Ceph cluster is made with: each script gets the new root as $1.
var (
	//go:embed ceph/ceph.conf
	cephConf string
	//go:embed ceph/programs.sh
	cephPrograms string
	//go:embed ceph/cluster.sh
	cephCluster string
)

// CephSpec is the userland of guests that serve a Ceph cluster to themselves: the default
// one, with Ceph's daemons and a cluster that only has to be started. Guests of other
// scenarios have DefaultSpec, of which it changes nothing.
func CephSpec() Spec {
	s := DefaultSpec()
	s.Packages = slices.Concat(s.Packages, packages.Ceph())
	s.Cluster = true
	return s
}

// hooks are what mmdebstrap runs in the new root before all else is tidied up.
func (s Spec) hooks() []string {
	if !s.Cluster {
		return nil
	}
	const write = `mkdir -p "$1/etc/ceph" && cat >"$1/etc/ceph/ceph.conf" <<'END'` + "\n"
	const tidy = `chroot "$1" apt-get --yes --purge autoremove python3-rados && rm -rf "$1/var/log/ceph"`
	return []string{write + cephConf + "END", "set -eu\n" + cephPrograms, "set -eu\n" + cephCluster, tidy}
}
