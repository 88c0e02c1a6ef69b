package wire

// Export is the file system that the guest's own server exports.
type Export struct {
	FS      string `json:"fs" yaml:"fs"`                               // xfs, ext4 or btrfs
	Size    Size   `json:"size" yaml:"size"`                           // of the sparse disk it lives on
	Options string `json:"options,omitempty" yaml:"options,omitempty"` // more exports(5) options
	Threads int    `json:"threads" yaml:"threads"`                     // nfsd threads
	// Lease is how long a client's lease lasts. The kernel takes whole seconds, from 10 on;
	// 0 is its default, 90s.
	Lease Duration `json:"lease,omitempty" yaml:"lease,omitempty"`
	Grace Duration `json:"grace,omitempty" yaml:"grace,omitempty"` // how long clients may reclaim after a restart of the server what they held before; values as for lease
	// Tracking is who remembers which clients may reclaim after a restart: nfsdcld (the
	// daemon that distributions run) or kernel (what the kernel itself uses without that daemon).
	// Trials that were stored before this field had a default ran with kernel.
	Tracking string `json:"tracking,omitempty" yaml:"tracking,omitempty"`
	// ReturnOnClose is whether LAYOUTGET replies ask the client to return a layout when it closes
	// the file. knfsd always asks for it, which is what happens if this is left out. With false
	// clients keep layouts of closed files; that needs a kernel with the module parameter
	// nfsd.layout_return_on_close, or a debugger.
	ReturnOnClose *bool `json:"return_on_close,omitempty" yaml:"return_on_close,omitempty"`
	// Delegations is whether the server may delegate the files of the workloads dserror,
	// evict, reader, sharedfile and umount. With false it never does, in any NFS version; left
	// out, the server decides. A server that is its own data server recalls a delegation for each
	// write to the file.
	Delegations *bool `json:"delegations,omitempty" yaml:"delegations,omitempty"`
	// Reexport has the server mount a directory of its own export with this NFS version, and export
	// that mount once more. The section mount is then about this second export, and each thread that
	// serves it is a client of the same server. Such exports have no locks, delegations and layouts.
	// If it is left out, nothing is exported twice.
	Reexport string `json:"reexport,omitempty" yaml:"reexport,omitempty"`
}

// KeepsLayouts says whether clients are to keep layouts of files that they have closed.
func (e Export) KeepsLayouts() bool { return e.ReturnOnClose != nil && !*e.ReturnOnClose }

// NoDelegations says whether files of the load must not be delegated.
func (e Export) NoDelegations() bool { return e.Delegations != nil && !*e.Delegations }

// Who tracks the server's clients.
const (
	TrackingDaemon = "nfsdcld"
	TrackingKernel = "kernel"
)

// Mount is the loop-back mount of that export.
type Mount struct {
	Vers    string `json:"vers" yaml:"vers"`                           // 3, 4.0, 4.1 or 4.2
	Layout  string `json:"layout" yaml:"layout"`                       // flexfiles, scsi, block or none; a trial is an error if the client does not use it
	Options string `json:"options,omitempty" yaml:"options,omitempty"` // more nfs(5) options
	// SessionSlots is how many requests of a session the client asks to have in flight at
	// a time (module parameter nfs.max_session_slots); 0 is its default, 64. The server may
	// grant fewer. Since Linux 6.14 it takes some back when memory is short, and grants more than
	// the client asked for when all of them are in use.
	SessionSlots int `json:"session_slots,omitempty" yaml:"session_slots,omitempty"`
	// DirectoryDelegations has a trial check that the kernel's client asks for delegations of directories
	// (module parameter nfsv4.directory_delegations, which kernels before 2026 do not have).
	DirectoryDelegations bool `json:"directory_delegations,omitempty" yaml:"directory_delegations,omitempty"`
	// LocalIO is on or off: whether the client reads and writes files of its own machine's server
	// without RPC (CONFIG_NFS_LOCALIO, module parameter nfs.localio_enabled). With on, a trial checks
	// that it does so; with off it is turned off, also in kernels that would do so by themselves.
	LocalIO string `json:"localio,omitempty" yaml:"localio,omitempty"`
	// Locks is about byte-range locks of NFSv3. With server the client asks the server for them
	// (NLM: lockd on both sides, rpc.statd), which a trial checks; with local, the default, each
	// mount keeps its own. For NFSv4, which has locks in its protocol, it is left out.
	Locks string `json:"locks,omitempty" yaml:"locks,omitempty"`
	// Overlay has the load work in an overlay file system above the mount, which is its lower
	// layer; the mounts of the workload umount have overlays as well. The upper layer is on a
	// local file system, the exported one: overlayfs does not write to NFS, which has no
	// whiteouts (RENAME_WHITEOUT).
	Overlay bool `json:"overlay,omitempty" yaml:"overlay,omitempty"`
	// Swap is the size of a file on the mount that the guest swaps to (CONFIG_NFS_SWAP, kernels of the
	// flavour swap), 0 for none. The server that its pages go to is in the same guest, and must not be
	// short of memory itself: it is the memory of the load's cgroup that is reclaimed (pressure memcg).
	Swap Size `json:"swap,omitempty" yaml:"swap,omitempty"`
	// Sec is how RPCs say who sends them: sys, or with Kerberos krb5, krb5i (messages are signed)
	// or krb5p (they are encrypted). Then the guest has a KDC, rpc.gssd and rpc.svcgssd, the
	// export takes no AUTH_SYS, and the users that processes of the load run as have tickets. A
	// trial checks that the server knows who they are.
	Sec string `json:"sec,omitempty" yaml:"sec,omitempty"`
	// IDMap has client and server call the owners of files by name (u1001@loopfault), as they do with
	// Kerberos by default, and not by number: the module parameters nfs4_disable_idmapping of nfs and
	// nfsd are N. Both ask rpc.idmapd, and the client keeps an answer for a second. A trial checks that the
	// server names owners and the client knows them.
	IDMap bool `json:"idmap,omitempty" yaml:"idmap,omitempty"`
}

// The values of Mount.Sec.
const (
	SecSys   = "sys"
	SecKrb5  = "krb5"
	SecKrb5i = "krb5i"
	SecKrb5p = "krb5p"
)

// Kerberos says whether RPCs carry Kerberos tokens.
func (m Mount) Kerberos() bool { return m.Sec != "" && m.Sec != SecSys }

// The values of Mount.Locks.
const (
	LocksLocal  = "local"
	LocksServer = "server"
)

// The values of Mount.LocalIO.
const (
	LocalIOOff = "off"
	LocalIOOn  = "on"
)

// The layouts that knfsd can be made to grant. Those of block devices it grants for XFS
// alone: SCSI ones on a disk that keeps reservations, block ones on any. A client that is
// offered several takes scsi before block before flexfiles.
const (
	LayoutNone      = "none"
	LayoutFlexfiles = "flexfiles"
	LayoutSCSI      = "scsi"
	LayoutBlock     = "block"
)

// Layouts lists them.
var Layouts = []string{LayoutNone, LayoutFlexfiles, LayoutSCSI, LayoutBlock}

// layouts maps the scenario's word for a layout to the kernel's in
// /proc/self/mountstats.
var layouts = map[string]string{
	LayoutNone:      "not configured",
	LayoutFlexfiles: "LAYOUT_FLEX_FILES",
	LayoutSCSI:      "LAYOUT_SCSI",
	LayoutBlock:     "LAYOUT_BLOCK_VOLUME",
}

// KernelLayout is the word that mountstats uses for a layout; ok is false for
// a word that no scenario may use.
func KernelLayout(word string) (kernel string, ok bool) {
	kernel, ok = layouts[word]
	return kernel, ok
}

// Workload is one kind of load with its parameters; exactly one field is set.
type Workload struct {
	SharedFile *SharedFile `json:"sharedfile,omitempty" yaml:"sharedfile,omitempty"`
	Recall     *Recall     `json:"recall,omitempty" yaml:"recall,omitempty"`
	Evict      *Evict      `json:"evict,omitempty" yaml:"evict,omitempty"`
	Umount     *Umount     `json:"umount,omitempty" yaml:"umount,omitempty"`
	Writer     *Writer     `json:"writer,omitempty" yaml:"writer,omitempty"`
	Expire     *Expire     `json:"expire,omitempty" yaml:"expire,omitempty"`
	State      *State      `json:"state,omitempty" yaml:"state,omitempty"`
	Reader     *Reader     `json:"reader,omitempty" yaml:"reader,omitempty"`
	DSError    *DSError    `json:"dserror,omitempty" yaml:"dserror,omitempty"`
	FaultNth   *FaultNth   `json:"faultnth,omitempty" yaml:"faultnth,omitempty"`
	Hog        *Hog        `json:"hog,omitempty" yaml:"hog,omitempty"`
	CopyUp     *CopyUp     `json:"copyup,omitempty" yaml:"copyup,omitempty"`
	Container  *Container  `json:"container,omitempty" yaml:"container,omitempty"`
	Opens      *Opens      `json:"opens,omitempty" yaml:"opens,omitempty"`
	ServerCopy *ServerCopy `json:"servercopy,omitempty" yaml:"servercopy,omitempty"`
	Directory  *Directory  `json:"directory,omitempty" yaml:"directory,omitempty"`
	Pages      *Pages      `json:"pages,omitempty" yaml:"pages,omitempty"`

	StaleTruncate  *StaleTruncate  `json:"staletruncate,omitempty" yaml:"staletruncate,omitempty"`
	ReadaheadClose *ReadaheadClose `json:"readaheadclose,omitempty" yaml:"readaheadclose,omitempty"`
	Mixed          *Mixed          `json:"mixed,omitempty" yaml:"mixed,omitempty"`
}

// SharedFile has processes of several credentials write, fsync, truncate,
// unlink and close the same files, so that the last closer of a file is often
// not the one whose credential its layout carries: then the client sends a
// LAYOUTRETURN of its own instead of one inside CLOSE.
type SharedFile struct {
	Processes int    `json:"processes" yaml:"processes"`   // how many work at the same time
	Files     int    `json:"files" yaml:"files"`           // files that the processes share
	Sharers   int    `json:"sharers" yaml:"sharers"`       // processes on each file; few make the last close of a file frequent
	UIDs      []int  `json:"uids" yaml:"uids"`             // user ids of the processes
	MaxWrite  Size   `json:"max_write" yaml:"max_write"`   // largest single write
	Keep      bool   `json:"keep,omitempty" yaml:"keep"`   // write instead of truncating, and close instead of unlinking: when a file is truncated or unlinked, a server recalls even what that same client holds
	Rival     string `json:"rival,omitempty" yaml:"rival"` // NFS version of a second mount, as in the workload state: the server then recalls layouts of one client for the other
}

// Recall truncates the shared files behind the client's back, on the exported
// file system, so that the server recalls what the client holds of them: its
// delegations, and layouts other than flexfiles. (Those knfsd recalls only when
// another client wants one: see rival of the workload sharedfile.)
type Recall struct {
	Files  int      `json:"files" yaml:"files"`   // the first N shared files
	Every  Duration `json:"every" yaml:"every"`   // mean pause between two of them
	Writes bool     `json:"writes" yaml:"writes"` // write to the files as often as truncate them
}

// Reader has processes read shared files from the server, whatever the client has
// in its cache.
type Reader struct {
	Processes int   `json:"processes" yaml:"processes"` // how many work at the same time
	UIDs      []int `json:"uids" yaml:"uids"`           // user ids of the processes
	Files     int   `json:"files" yaml:"files"`         // the first N shared files
}

// DSError makes data servers fail without touching the network: it takes shared
// files' permissions away behind the client's back, on the exported file system.
// knfsd's flexfiles layouts for reading name the owner's uid + 1, so NFSv3 READs of
// the data server then fail, and the client returns the layout with the error, and
// asks for another one, until the permissions are back.
type DSError struct {
	Files int      `json:"files" yaml:"files"` // the first N shared files, of which one at a time fails
	For   Duration `json:"for" yaml:"for"`     // how long each time
	Every Duration `json:"every" yaml:"every"` // mean pause between two times
}

// Evict makes the client drop inodes: churn processes open and close many
// files, a squeezer drops caches and reclaims the load's memory cgroup.
type Evict struct {
	Processes int      `json:"processes" yaml:"processes"` // how many churn at the same time
	Files     int      `json:"files" yaml:"files"`         // files each churner cycles through
	Every     Duration `json:"every" yaml:"every"`         // pause between two squeezes
	Reclaim   Size     `json:"reclaim" yaml:"reclaim"`     // written to memory.reclaim at each squeeze; 0 for none
	Sync      bool     `json:"sync" yaml:"sync"`           // sync(2) in the middle of each squeeze
	// Uncached has the churners sync each file and drop its pages (POSIX_FADV_DONTNEED)
	// before they close it: only inodes without pages are on the list that reclaim of
	// memory takes inodes from.
	Uncached bool `json:"uncached,omitempty" yaml:"uncached,omitempty"`
	// OnlyOpen has the churners open their files for reading and writing, and close them,
	// and do nothing else.
	OnlyOpen bool `json:"only_open,omitempty" yaml:"only_open,omitempty"`
	// Held is how many more files each churner keeps open all the time, so that the server
	// has an open and often a delegation for each, and the client cannot evict their inodes; 0 for none.
	Held int `json:"held,omitempty" yaml:"held,omitempty"`
}

// Umount mounts the export again, several times over, and takes the mounts
// down, over and over: idle, or busy with writers killed the moment before.
type Umount struct {
	Mounts  int  `json:"mounts" yaml:"mounts"`   // mounts at the same time, each with a superblock of its own
	Writers int  `json:"writers" yaml:"writers"` // processes that write on each mount
	Busy    bool `json:"busy" yaml:"busy"`       // kill the writers with files open instead of letting them finish
	// Churn has the writers write and read back that many small files each, which they
	// close in between, so that there are many inodes to evict; 0 has them write shared ones.
	Churn int `json:"churn,omitempty" yaml:"churn"`
	// How is the way in which a mount is taken down. plain, the default: umount(8). lazy: umount -l.
	// forced: umount -f; with busy also once before the writers are killed, in the middle of their
	// requests. namespace: the mounts are made in a mount namespace of their own, and go with its last
	// process. exit: umount -l while writers have files open, so that the death of the last writer
	// shuts the superblock down; it needs busy and writers.
	How string `json:"how,omitempty" yaml:"how"`
	// Vers is the NFS version of these mounts, by default that of the trial's mount. With another
	// version (4.0 or later, as that of the trial's mount) the server sees a new client at each mount,
	// and the client ends with the umount.
	Vers string `json:"vers,omitempty" yaml:"vers"`
}

// Ways to take a mount down.
const (
	UmountPlain     = "plain"     // umount
	UmountLazy      = "lazy"      // umount -l
	UmountForced    = "forced"    // umount -f; if busy, once more before, into the middle of the writers' requests
	UmountNamespace = "namespace" // the mounts are made in a namespace of their own and go with its last process
	UmountExit      = "exit"      // umount -l while writers have files open; the last one's death shuts the superblock down
)

// FaultNth fails the allocations of one path one after the other. Each process
// opens a file as two users, so that the second one's close sends a LAYOUTRETURN of its
// own, and lets the n-th allocation of that close fail that the fault fail_nth is aimed
// at: for n = 1, 2, … until there is no n-th, then from 1 again.
type FaultNth struct {
	Processes int   `json:"processes" yaml:"processes"` // how many work at the same time
	UIDs      []int `json:"uids" yaml:"uids"`           // two: who writes, and who closes last
	Repeats   int   `json:"repeats" yaml:"repeats"`     // tries for each n
}

// Hog has processes take memory in the pressured cgroup until its OOM killer strikes
// them, with files open on the mount and data in them that is not written back yet; then
// the next one takes their place.
type Hog struct {
	Processes int   `json:"processes" yaml:"processes"` // how many work at the same time
	UIDs      []int `json:"uids" yaml:"uids"`           // user ids of the processes
	Files     int   `json:"files" yaml:"files"`         // files that each has open
	Size      Size  `json:"size" yaml:"size"`           // memory that each takes at most; has to be more than the cgroup may have
}

// Pages has processes in the pressured cgroup write all pages of memory of their own, and then read them, in an order that is
// new each time, and write some anew. What is reclaimed of the cgroup's memory is swapped out, and in when it is used. A page that has changed on the way is a finding.
type Pages struct {
	Processes int   `json:"processes" yaml:"processes"` // how many work at the same time
	UIDs      []int `json:"uids" yaml:"uids"`           // user ids of the processes
	Size      Size  `json:"size" yaml:"size"`           // memory of each
}

// CopyUp has each process make directories of files on the mount below an overlay, read the
// files through the overlay and open some of them for writing, which copies these up, and
// remove all of them: below the overlay at once, so that the client keeps the files that the
// overlay has in its cache under another name (.nfs…), and in the overlay some rounds later.
type CopyUp struct {
	Processes int   `json:"processes" yaml:"processes"` // how many work at the same time
	UIDs      []int `json:"uids" yaml:"uids"`           // user ids of the processes
	Files     int   `json:"files" yaml:"files"`         // files in each directory
	Size      Size  `json:"size" yaml:"size"`           // of each file
}

// ServerCopy has processes let the server copy files (copy_file_range(2): COPY of NFSv4.2; asynchronous if the file is larger
// than twice the mount's rsize, and then the server tells the client of the end by CB_OFFLOAD), punch and fill holes in the
// copies (DEALLOCATE, SEEK, ALLOCATE), and share blocks with them (CLONE).
type ServerCopy struct {
	Processes int   `json:"processes" yaml:"processes"` // how many work at the same time
	UIDs      []int `json:"uids" yaml:"uids"`           // user ids of the processes
	Size      Size  `json:"size" yaml:"size"`           // of each file
}

// Directory has processes make, list, rename and remove files and directories in directories that all of them share. Some
// do so on the mount and some at the server, on the exported file system, so that delegations of the
// directories are recalled.
type Directory struct {
	Processes   int   `json:"processes" yaml:"processes"`     // how many work on the mount
	UIDs        []int `json:"uids" yaml:"uids"`               // user ids of these
	Server      int   `json:"server" yaml:"server"`           // how many work on the exported file system, as root
	Directories int   `json:"directories" yaml:"directories"` // that all of them share
	Entries     int   `json:"entries" yaml:"entries"`         // names in each
	// Every is the mean pause of a process on the exported file system between two operations.
	Every Duration `json:"every" yaml:"every"`
	// Rival has every other process on the mount work on a second mount of this NFS version instead, another client to the server.
	Rival string `json:"rival,omitempty" yaml:"rival,omitempty"`
}

// Opens has processes open files that they share, for reading, for writing or for both, and close
// them: OPEN, OPEN_DOWNGRADE and CLOSE of one state are in flight at the same time, and answers come
// in any order. At the server another process keeps the files open for writing, so that none is delegated.
type Opens struct {
	Processes int      `json:"processes" yaml:"processes"` // how many work at the same time
	UIDs      []int    `json:"uids" yaml:"uids"`           // user ids of the processes; each is an open owner
	Files     int      `json:"files" yaml:"files"`         // files that all of them share
	Hold      Duration `json:"hold" yaml:"hold"`           // mean time that a file is open
}

// Container makes containers, over and over: each has a network, a mount and a host name of its
// own, mounts the export, and has processes that write. These are all killed at once, and the
// mount and the namespaces go with the last of them. Their way to the server is a relay.
type Container struct {
	Processes int      `json:"processes" yaml:"processes"` // processes that make containers, each its own
	Boxes     int      `json:"boxes" yaml:"boxes"`         // containers of each such process at a time; fewer if it cannot make as many within `for`
	Writers   int      `json:"writers" yaml:"writers"`     // processes in each container
	For       Duration `json:"for" yaml:"for"`             // how long containers are made before any is killed, and then the mean time that each works
	// Network is what becomes of a container's network when its processes are killed. kept, the
	// default: it stays as it is. silent: nothing is passed on for a time, and then everything.
	// gone: connections are reset, the network interface goes down, and the server can no longer be
	// reached.
	Network string   `json:"network,omitempty" yaml:"network"`
	Silent  Duration `json:"silent,omitempty" yaml:"silent"` // how long nothing is passed on; with network silent only, which needs it
}

// What becomes of the network of containers when their processes are killed.
const (
	NetworkKept   = "kept"
	NetworkSilent = "silent" // nothing is passed on for a time, and then everything
	NetworkGone   = "gone"   // connections are reset, the network card goes down, and no way leads to the server any more
)

// Writer has each process write a file of its own from beginning to end, close
// it and open it again: plain load that dirties memory, without one lock or
// layout between the processes but those of their mount and credential.
type Writer struct {
	Processes   int    `json:"processes" yaml:"processes"`     // how many work at the same time
	UIDs        []int  `json:"uids" yaml:"uids"`               // user ids of the processes
	Size        Size   `json:"size" yaml:"size"`               // of each file
	Block       Size   `json:"block" yaml:"block"`             // largest single write
	Sync        Size   `json:"sync" yaml:"sync"`               // fsync, or msync, after so much; 0 for only at close
	Mode        string `json:"mode,omitempty" yaml:"mode"`     // buffered, direct (O_DIRECT) or mmap; buffered when it is not given
	Unpressured bool   `json:"unpressured" yaml:"unpressured"` // stay out of the pressured memory cgroup
}

// Modes of a Writer.
const (
	WriteBuffered = "buffered"
	WriteDirect   = "direct"
	WriteMapped   = "mmap"
)

// Kind is the name of its workers, which tells the writers of one scenario apart.
func (w Writer) Kind() string {
	kind := "writer"
	if w.Mode != "" && w.Mode != WriteBuffered {
		kind = w.Mode
	}
	if w.Unpressured {
		kind += "-free"
	}
	return kind
}

// Expire has the server throw out its NFSv4 clients, as if their leases had run
// out, so that they must recover all their state.
type Expire struct {
	Every Duration `json:"every" yaml:"every"`           // mean pause before each time
	Times int      `json:"times,omitempty" yaml:"times"` // how often at most; 0 for no limit
}

// State has processes open, write, sync, close, lock, rename and unlink, and check
// what they read: each owns files that say in every block what they are, and all
// share records behind byte-range locks. What an fsync acknowledged has to be there
// whatever the server went through; an error that a process is told is counted, not
// held against the kernel.
type State struct {
	Processes int      `json:"processes" yaml:"processes"`             // how many work at the same time
	UIDs      []int    `json:"uids" yaml:"uids"`                       // user ids of the processes
	Files     int      `json:"files" yaml:"files"`                     // files that each process owns
	Blocks    int      `json:"blocks" yaml:"blocks"`                   // blocks of 4KiB in each file
	Locks     int      `json:"locks" yaml:"locks"`                     // records that all processes share, each behind a lock of its own; 0 for none
	Hold      Duration `json:"hold" yaml:"hold"`                       // mean time that a lock is held
	LocksOnly bool     `json:"locks_only,omitempty" yaml:"locks_only"` // processes only take locks, and wait for each (F_SETLKW)
	Interrupt Duration `json:"interrupt,omitempty" yaml:"interrupt"`   // mean time after which a signal interrupts the wait for a lock, which then begins anew; 0 for none
	Rival     string   `json:"rival,omitempty" yaml:"rival"`           // NFS version of a second mount of the same server, on which every other process works; no second mount if it is left out. Beside a mount of NFSv4 it has to be another version from 4.0 on, and is a client of its own to the server. Beside NFSv3 it has to be 3 with mount.locks server, and the two compete for locks alone. 3 beside NFSv4 is refused
	Plant     Duration `json:"plant,omitempty" yaml:"plant"`           // mean pause between two bytes that are changed behind the client's back, which the checks must find; 0 for none
}

// MaxLocks is how many locks a State can have.
const MaxLocks = 64
