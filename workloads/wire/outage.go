package wire

// Outage asks for one step of an outage: a time during which the server, or the
// file system below it, does not serve. The agent keeps one of each kind.
type Outage struct {
	Kind    string `json:"kind"`              // one of the constants below
	Step    string `json:"step"`              // one of the steps below
	Quiesce bool   `json:"quiesce,omitempty"` // freeze: workers stopped and the NFS mount synced first
	Forget  bool   `json:"forget,omitempty"`  // restart: the server forgets its clients
	Daemon  string `json:"daemon,omitempty"`  // upcall: the daemon that is taken away, one of the constants below
	Killed  bool   `json:"killed,omitempty"`  // upcall: killed, and started again at the end; otherwise stopped
}

// Kinds of outages.
const (
	OutageFreeze   = "freeze"   // the exported file system frozen
	OutageRestart  = "restart"  // the server stopped
	OutageFailover = "failover" // the server stopped and its file system unmounted
	OutageSilence  = "silence"  // the network between clients and server down
	OutageFreezer  = "freezer"  // every other worker frozen
	OutageUpcall   = "upcall"   // a daemon that the kernel asks stopped or killed
	OutageStore    = "store"    // Ceph's object store stopped
	OutageSession  = "session"  // a Ceph client's session evicted; the client makes a new one when it needs it

	OutageLink      = "link"      // a Ceph client without its network
	OutageMDS       = "mds"       // Ceph's metadata server killed
	OutageMon       = "mon"       // Ceph's monitor killed
	OutageBlocklist = "blocklist" // a Ceph client's session evicted, and the client blocklisted
)

// Daemons that the kernel asks: its NFS server, of gssd its client, and of idmapd both.
const (
	UpcallMountd  = "mountd"       // who a client is, and what is exported
	UpcallTracker = TrackingDaemon // which clients may reclaim their state
	UpcallGssd    = "gssd"         // for a security context with the server, for a user's RPCs
	UpcallSvcgssd = "svcgssd"      // whether a client that wants such a context is who it says
	UpcallIdmapd  = "idmapd"       // for the name of a user or a group, or its number
)

// Steps. Begin works only when armed.
const (
	OutageArm    = "arm"
	OutageBegin  = "begin"
	OutageEnd    = "end"
	OutageDisarm = "disarm" // ends one under way
	OutageCount  = "count"
)

// OutageCounts is the answer to every step: how often an outage of that kind
// was begun, and ended, since it was armed.
type OutageCounts struct {
	Begun int64 `json:"begun"`
	Ended int64 `json:"ended"`
	// Uptimes of the guest when the step began and when it was done.
	Since  float64 `json:"since"`
	Uptime float64 `json:"uptime"`
}
