package gather

import "loopfault/workloads/wire"

// Files of a kernel that tell of a hang. Reading any of them may block on it.
var (
	RPCTasks   = []string{wire.Debugfs + "/sunrpc/rpc_clnt/*/tasks"}
	RPCXprts   = []string{wire.Debugfs + "/sunrpc/rpc_xprt/*/info"}
	NFSD       = []string{"/proc/fs/nfsd/pool_stats", "/proc/fs/nfsd/threads", "/proc/fs/nfsd/v4_end_grace", "/proc/fs/nfsd/nfsv4gracetime", "/proc/fs/nfsd/clients/*/info", "/proc/fs/nfsd/clients/*/states"}
	Mountstats = []string{"/proc/self/mountstats"}
	Ceph       = []string{wire.Debugfs + "/ceph/*/osdc", wire.Debugfs + "/ceph/*/mdsc", wire.Debugfs + "/ceph/*/caps", "/run/ceph/*.log"}
	Memory     = []string{"/proc/meminfo", "/proc/vmstat", "/proc/pressure/*"}
)
