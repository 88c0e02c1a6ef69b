package agent

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"loopfault/workloads"
	"loopfault/workloads/wire"
)

const (
	// idmapCaches is where the server keeps what rpc.idmapd told it, and asks it.
	idmapCaches = "/proc/net/rpc/nfs4.*/flush"
	idmapToName = "/proc/net/rpc/nfs4.idtoname/content"
	// idmapRule has request-key(8) start a program for each question of the client's.
	idmapRule = "/etc/request-key.d/id_resolver.conf"
	idmapFile = "/run/idmapd.conf"
)

// idmapConfig is that of rpc.idmapd, which does not start without a group for who has none: Debian's has another name than
// it expects.
const idmapConfig = `[General]
Domain = loopfault
[Mapping]
Nobody-User = nobody
Nobody-Group = nogroup
[Translation]
Method = nsswitch
`

// startIDMap has server and client name the owners of files by text, and starts the daemon that both ask. The client
// asks it only if request-key(8) knows no program for that, and asks again after a second.
func (n *nfsServer) startIDMap() error {
	if !n.mount.IDMap {
		return nil
	}
	n.idmapd = servant{
		argv:  []string{"rpc.idmapd", "-f", "-p", pipeDir, "-c", idmapFile},
		ready: "/nfs4.nametoid/channel", asked: "/idmap", caches: idmapCaches,
	}
	return takeSteps([]setUpStep{
		{"make users", n.makeUsers},
		{"configure rpc.idmapd", func() error { return os.WriteFile(idmapFile, []byte(idmapConfig), 0o644) }},
		{"leave questions to rpc.idmapd", func() error { return unix.Mount("/dev/null", idmapRule, "", unix.MS_BIND, "") }},
		{"have owners named", nameOwners},
		{"start rpc.idmapd", n.idmapd.start},
	})
}

func nameOwners() error {
	return errors.Join(
		workloads.WriteKnob("/sys/module/nfs/parameters/nfs4_disable_idmapping", "N"),
		workloads.WriteKnob("/sys/module/nfsd/parameters/nfs4_disable_idmapping", "N"),
		workloads.WriteKnob("/proc/sys/fs/nfs/idmap_cache_timeout", "1"),
	)
}

// proveIDMap fails if the server does not name a file's owner, or the client does not know the name.
func (n *nfsServer) proveIDMap() error {
	if !n.mount.IDMap {
		return nil
	}
	for _, uid := range n.users {
		if err := proveOwner(uid, wire.NFSRoot); err != nil {
			return err
		}
		told, err := os.ReadFile(idmapToName)
		if err != nil {
			return err
		}
		if !strings.Contains(string(told), " "+userName(uid)+"@") {
			return fmt.Errorf("the server did not name user %d", uid)
		}
	}
	return nil
}
