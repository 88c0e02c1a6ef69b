package wire

// Ceph is a Ceph cluster in the guest (a monitor, an object store and a metadata
// server) and two kernel clients of it there, in the place of an export and its loop-back
// mount. The clients share nothing; workers work on the first, and behind its back on the
// second.
type Ceph struct {
	Options string `json:"options,omitempty" yaml:"options,omitempty"` // more mount options of both clients, as in mount.ceph(8)
	// Blocklist is whether a client whose session is evicted is also kept from the object
	// store, and from a new session, for an hour. If it is left out, it is, as Ceph does by default.
	Blocklist *bool `json:"blocklist,omitempty" yaml:"blocklist,omitempty"`
	// SessionTimeout is how long a client may send nothing until its session is stale; 0 is Ceph's
	// default, 60s. The metadata server evicts a stale client as soon as another client wants what
	// it holds.
	SessionTimeout Duration `json:"session_timeout,omitempty" yaml:"session_timeout,omitempty"`
	Store          string   `json:"store,omitempty" yaml:"store,omitempty"` // where objects are kept: memstore, in memory (the default), or bluestore, on a disk of 1GiB
}

// Object stores of a Ceph cluster.
const (
	StoreMemory = "memstore"
	StoreBlue   = "bluestore"
)

// StoreDisk is the size of the disk of an object store that has one.
const StoreDisk Size = 1 << 30

// Blocklists says whether clients of evicted sessions are blocklisted.
func (c Ceph) Blocklists() bool { return c.Blocklist == nil || *c.Blocklist }

// Where the clients of a Ceph cluster are mounted: the one that is worked on, and the other.
const (
	CephRoot   = "/mnt/ceph"
	CephBehind = "/mnt/ceph-behind"
)

// EvictionsFile holds how often the first client's session was evicted so far; workers
// that need an eviction wait for it there.
const EvictionsFile = RecordDir + "/sessions-evicted"

// StoppedFile is there while the object store is stopped; workers that need that wait for it.
const StoppedFile = RecordDir + "/store-stopped"

// ReadaheadClose has reads in flight for files that are no longer open: they are asked
// for while the object store is stopped, the files are closed and their dentries dropped, and
// then the answers come. Each round has files of its own.
type ReadaheadClose struct {
	Files int      `json:"files" yaml:"files"` // files of a round
	Size  Size     `json:"size" yaml:"size"`   // size of each file
	Rest  Duration `json:"rest" yaml:"rest"`   // how long answers are waited for at the end of a round
}

// Mixed has processes of both clients create, write, read, truncate, rename and unlink the
// same files, and make and remove snapshots of their directory.
type Mixed struct {
	Processes int  `json:"processes" yaml:"processes"`                     // how many work at the same time, every other one on the other client
	Files     int  `json:"files" yaml:"files"`                             // number of file names that they share
	MaxWrite  Size `json:"max_write" yaml:"max_write"`                     // largest single write
	Snapshots int  `json:"snapshots,omitempty" yaml:"snapshots,omitempty"` // snapshots that each process may have at a time; 0 for none
}

// StaleTruncate has one client write files, lose its session, and learn only from the
// server that the other client has truncated them meanwhile: dirty pages then lie beyond
// the ends of files, and the flusher throws them away. Each round has files of its own.
type StaleTruncate struct {
	Files int  `json:"files" yaml:"files"` // files of a round
	Size  Size `json:"size" yaml:"size"`   // size of each file, which is written once
	// Settle is the time after writing before which an eviction does not count: the client needs it
	// to tell the server sizes and times, after which only its pages are dirty.
	Settle Duration `json:"settle" yaml:"settle"`
	Flush  Duration `json:"flush" yaml:"flush"` // how long the flusher has to write, at the end of a round
	// Self has the client that wrote the files truncate them itself; no eviction is waited for.
	Self bool `json:"self,omitempty" yaml:"self,omitempty"`
}
