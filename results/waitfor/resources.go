package waitfor

// resource is something that tasks wait for, and what could end the wait. To add
// one, write a row; rules.go leads to it.
type resource struct {
	kind    Kind
	label   string
	cleared string // what ends the wait, in words
	// holders are functions: a task that passes through one may end the wait.
	holders []string
	// except are functions: a task that passes through one on its way from a holder may not.
	except []string
	// ops are RPC operations: one under way may end the wait, or holds up what
	// does. "*" is any operation but a callback, "CB*" any callback.
	ops []string
	// also names other resources that it depends on.
	also []string
	// thread is how the comm of a kernel thread ends that ends the wait.
	thread string
	// verb is what no task is left to do when the wait is lost; "" is "clear it".
	verb string
	// root is what a wait is explained by that ends here, because nothing of
	// the above was found.
	root Class
	// watched says that any task or RPC that could end the wait shows in stacks or
	// in the list of RPCs: that none is found there is evidence.
	watched bool
	// own says that this is waited for only below a holder, of the same object: whoever
	// waits is what would end the wait.
	own bool
	// daemon is the comm of a process that the kernel asks: without it, or while it is stopped, there
	// is no answer.
	daemon string
	// shared says that any RPC of the operations has to do with the wait, the
	// newest too, whatever file it is about.
	shared bool
}

// What no task is left to do with a lock or a reference that is kept.
const (
	verbUnlock = "unlock it"
	verbDrop   = "drop it"
)

// An OPEN holds its session slot beyond its reply, until the client has the file's state (_nfs4_open_and_get_state), and a
// LAYOUTGET until the client has made a layout segment of it (nfs4_proc_layoutget). For an open that the client could do by
// itself no OPEN was sent.
var (
	slotHolders = []string{"_nfs4_opendata_to_nfs4_state", "nfs4_opendata_to_nfs4_state", "pnfs_layout_process"}
	slotless    = []string{"nfs4_try_open_cached"}
)

var resources = map[string]resource{
	"layoutreturn": {kind: KindBit, label: "NFS_LAYOUT_RETURN", watched: true, root: Lost,
		cleared: "the end of the LAYOUTRETURN, alone or within CLOSE, OPEN_DOWNGRADE or DELEGRETURN, or the failure to send it",
		holders: []string{"pnfs_send_layoutreturn", "nfs4_proc_layoutreturn", "pnfs_layoutreturn_*", "nfs4_layoutreturn_*", "pnfs_roc_release", "nfs4_close_done", "nfs4_free_closedata"},
		ops:     []string{"LAYOUTRETURN", "CLOSE", "OPEN_DOWNGRADE", "DELEGRETURN"}},
	"first-layoutget": {kind: KindBit, label: "NFS_LAYOUT_FIRST_LAYOUTGET or NFS_LAYOUT_DRAIN", watched: true, root: Lost,
		cleared: "the end of the LAYOUTGETs of the same file",
		holders: []string{"nfs4_proc_layoutget"}, ops: []string{"LAYOUTGET"}},
	"layoutget-again": {kind: KindOther, label: "LAYOUTGET, put off by the server", root: Slow,
		cleared: "an answer of the server other than NFS4ERR_DELAY or NFS4ERR_RECALLCONFLICT; a layout recall of the file holds it up, or others take layouts of it before it is repeated, in the end every 15 s",
		ops:     []string{"CB_LAYOUT", "CB_LAYOUTRECALL"}},
	// Never lost for certain: the server takes back by itself what is not returned.
	"recall": {kind: KindOther, label: "recalled layout or delegation", watched: true, root: Slow,
		cleared: "the client's return of what was recalled, or the server, which takes a delegation back after one lease and a layout after two (nfsd4_cb_layout_fail)",
		holders: []string{"nfsd4_layoutreturn", "nfsd4_delegreturn"},
		ops:     []string{"CB_LAYOUT", "CB_LAYOUTRECALL", "CB_RECALL", "LAYOUTRETURN", "DELEGRETURN"}},
	"client-answer": {kind: KindOther, label: "client's answer, put off (NFS4ERR_DELAY)", root: Slow,
		cleared: "the client's answer, which it puts off while a LAYOUTRETURN of the file is under way, or the return of the layout, for which knfsd asks again and again",
		also:    []string{"layoutreturn"}},
	"layoutcommitting": {kind: KindBit, label: "NFS_INO_LAYOUTCOMMITTING", watched: true, root: Lost,
		cleared: "the end of the LAYOUTCOMMIT", holders: []string{"pnfs_layoutcommit_inode", "nfs4_proc_layoutcommit"}, ops: []string{"LAYOUTCOMMIT"}},
	"layout-refs": {verb: verbDrop, kind: KindOther, label: "the last reference to a layout", watched: true, root: Lost,
		// Only evictions wait for it, and an inode with I/O under way is not evicted: whoever reads or writes has another layout.
		cleared: "the last put of the layout", holders: []string{"pnfs_send_layoutreturn", "_pnfs_return_layout"},
		ops: []string{"LAYOUTGET", "LAYOUTRETURN"}},
	"ds-connect": {kind: KindBit, label: "NFS4DS_CONNECTING", watched: true, root: Lost,
		cleared: "the task that connects to the data server", holders: []string{"nfs4_pnfs_v3_ds_connect", "_nfs4_pnfs_v3_ds_connect", "_nfs4_pnfs_v4_ds_connect", "nfs_create_rpc_client"}, ops: []string{"NULL", "EXCHANGE_ID"}},
	"server-delay": {kind: KindOther, label: "server's answer, put off (NFS4ERR_DELAY or the like)", root: Slow,
		cleared: "another answer of the server; in its grace period it puts all off but reclaims", ops: []string{"CB*"}},
	"reconnect": {kind: KindTransport, label: "a connection to the server, which the client tries to make every few seconds", root: Transport,
		cleared: "a connection; of a hard mount nothing else ends the tries"},
	"recovery": {thread: "-manager", verb: "finish it", kind: KindOther, label: "state recovery", watched: true, root: Lost,
		cleared: "the state manager", holders: []string{"nfs4_run_state_manager", "nfs4_state_manager"}},
	"slots": {verb: "free one", shared: true, kind: KindSlots, label: "session slots", watched: true, root: Lost,
		cleared: "the end of the RPCs that hold slots, or of the recovery that drains them", holders: slotHolders, except: slotless,
		ops: []string{"*"}, also: []string{"recovery"}},
	"drain": {verb: "give one back", shared: true, kind: KindSlots, label: "drained session", watched: true, root: Unknown,
		cleared: "the end of all RPCs that hold session slots", holders: slotHolders, except: slotless, ops: []string{"*"}},
	"cb-slot": {verb: "free it", shared: true, kind: KindSlots, label: "backchannel slot", watched: true, root: Lost,
		cleared: "the end of the callback that holds it", ops: []string{"CB*"}},
	"invalidating": {kind: KindBit, label: "NFS_INO_INVALIDATING", watched: true, root: Lost,
		cleared: "the task that drops the page cache of the file", holders: []string{"nfs_clear_invalid_mapping", "nfs_invalidate_mapping", "invalidate_inode_pages2*"}},
	"client-init": {kind: KindOther, label: "set-up of an NFS client", watched: true, root: Lost,
		cleared: "the task that mounts", holders: []string{"nfs4_init_client", "nfs_init_client", "nfs4_discover_server_trunking"}, ops: []string{"EXCHANGE_ID", "CREATE_SESSION"}},
	"lock-io": {kind: KindOther, label: "I/O under a lock", root: Lost, watched: true, cleared: "the end of that I/O", ops: []string{"READ", "READ_PLUS", "WRITE"}},
	// Processes own such locks, and they show in no stack.
	"nlm-lock": {kind: KindLock, label: "a lock of NFSv3 (NLM)", root: Unknown,
		cleared: "its owner, and then the server's GRANTED callback, which may be lost; the client asks again every 30 s"},
	"copy-offload": {verb: "send it", kind: KindOther, label: "the CB_OFFLOAD of an asynchronous COPY", watched: true, root: Lost,
		cleared: "the server's thread that copies, and then its CB_OFFLOAD, which knfsd does not repeat if the client answers it by an error; newer clients ask by themselves (OFFLOAD_STATUS)",
		holders: []string{"nfsd4_do_async_copy", "nfs4_callback_offload", "nfs42_proc_offload_status"}, ops: []string{"CB_OFFLOAD", "OFFLOAD_STATUS"}},
	// What the daemon does shows in no list of the kernel.
	"nfsdcld": {kind: KindOther, label: "the answer of nfsdcld", root: Unknown,
		cleared: "nfsdcld, which the server asks without a time-out; one that is stopped answers when it goes on, and for one that died the kernel has to end the wait (cld_release_pipe)"},
	"gssd": {kind: KindOther, label: "the answer of rpc.gssd", root: Unknown, daemon: "rpc.gssd",
		cleared: "rpc.gssd, which the client asks without a time-out for a security context with the server; it asks the KDC and then the server, which asks rpc.svcgssd or gssproxy",
		also:    []string{"svcgssd"}},
	"svcgssd": {kind: KindOther, label: "the answer of rpc.svcgssd", root: Unknown, daemon: "rpc.svcgssd",
		cleared: "rpc.svcgssd, which the server asks to accept a client's context; after some seconds the server gives up and closes the connection"},
	"mountd": {kind: KindOther, label: "the answer of rpc.mountd", root: Unknown, daemon: "rpc.mountd",
		cleared: "rpc.mountd, which the server asks who a client is and what is exported; after some seconds the server puts the request aside, or closes the connection"},
	"idmapd": {kind: KindOther, label: "the answer of rpc.idmapd", root: Unknown, daemon: "rpc.idmapd",
		cleared: "rpc.idmapd, which the client asks without a time-out for the name or the number of an owner; for one that died the kernel has to end the wait (idmap_release_pipe)"},
	"nfsidmap": {kind: KindOther, label: "the program that request-key(8) starts", root: Unknown,
		cleared: "its end: it looks the owner of a file up by name or by number (nfsidmap), perhaps at a directory server"},
	"idmap-mutex": {verb: verbUnlock, kind: KindLock, label: "idmap_mutex of an NFS client", watched: true, shared: true, root: Kept,
		cleared: "the task that holds it, and asks rpc.idmapd", holders: []string{"request_key_with_auxdata", "wait_for_key_construction"}},
	"answered": {verb: "send it", shared: true, kind: KindOther, label: "the wake-up after an answer of rpc.mountd or rpc.svcgssd", watched: true, root: Lost,
		cleared: "whoever took the answer (cache_revisit_request): nfsd threads in cache_wait_req() that sleep uninterruptibly are off the list of those who wait already", holders: []string{"cache_revisit_request", "cache_fresh_unlocked"}},
	"seqid": {verb: "end it", kind: KindSlots, label: "the turn of an open owner (Seqid_waitqueue)", watched: true, root: Lost,
		cleared: "the end of the OPEN, CLOSE or LOCK of the same owner that is under way", ops: []string{"OPEN", "OPEN_NOATTR", "OPEN_CONFIRM", "OPEN_DOWNGRADE", "CLOSE", "LOCK", "LOCKU"}},
	"open-number": {verb: "apply it", kind: KindOther, label: "an earlier change of the open stateid", watched: true, root: Lost,
		cleared: "the reply to an earlier OPEN, CLOSE or OPEN_DOWNGRADE of the file, when the client applies it; after 5 s without a change the wait is given up (nfs_set_open_stateid_locked, nfs4_refresh_open_old_stateid)",
		holders: []string{"nfs4_close_done", "nfs_clear_open_stateid*", "nfs_fhget"}, ops: []string{"OPEN", "OPEN_NOATTR", "OPEN_DOWNGRADE", "CLOSE"}},
	"congestion": {verb: "declare it", kind: KindWriteback, label: "the end of write congestion", watched: true, shared: true, root: Lost,
		cleared: "the end of enough WRITEs", holders: localIO, ops: []string{"WRITE", "COMMIT"}},
	"commit": {kind: KindWriteback, label: "COMMITs of the file", watched: true, root: Lost,
		cleared: "the end of the COMMITs", holders: append([]string{"nfs_commit_release*", "ff_layout_commit*", "nfs_generic_commit_list"}, localIO...), ops: []string{"COMMIT"}},
	"direct": {kind: KindOther, label: "the end of a direct read or write", verb: "declare it", watched: true, root: Lost,
		cleared: "the end of all its READs, or of its WRITEs and their COMMIT", holders: append([]string{"nfs_direct_write_schedule_work", "nfs_direct_write_complete*"}, localIO...), ops: []string{"READ", "READ_PLUS", "WRITE", "COMMIT"}},
	"request": {kind: KindBit, label: "PG_BUSY or PG_HEADLOCK of an NFS request", watched: true, root: Lost,
		cleared: "the end of the I/O", holders: nfsWriters, ops: []string{"READ", "READ_PLUS", "WRITE", "COMMIT"}},
	"writeback-bit": {kind: KindBit, label: "PG_writeback of a folio", watched: true, root: Lost,
		cleared: "the end of the write; it may not have been sent yet, the folio is marked before its layout is fetched",
		holders: append([]string{cephReader}, nfsWriters...), ops: []string{"WRITE", "COMMIT"}},
	"folio-lock": {verb: verbUnlock, kind: KindBit, label: "PG_locked of a folio", watched: true, root: Lost,
		cleared: "the task that locked it: a read, or a writer on its way",
		holders: append([]string{cephReader, "ff_layout_read_release", "nfs_do_read_folio", "nfs_readahead", "truncate_inode_pages*"}, nfsWriters...), ops: []string{"READ", "READ_PLUS"}},
	"folio-read": {verb: verbUnlock, kind: KindBit, label: "PG_locked of a folio that is read", watched: true, root: Lost,
		cleared: "the end of the READ; one that failed is sent again by nfsiod", holders: append([]string{cephReader, "ff_layout_read_release", "pnfs_read_resend_pnfs", "nfs_readahead"}, localIO...), ops: []string{"READ", "READ_PLUS"}},
	"swap-in": {verb: verbUnlock, kind: KindBit, label: "PG_locked of a page that is swapped in", watched: true, root: Lost,
		cleared: "the end of the READ from the swap file, or the task that swaps the page out", holders: append([]string{"shrink_folio_list", "nfs_file_direct_read", "ff_layout_read_release", "pnfs_read_resend_pnfs"}, localIO...), ops: []string{"READ", "READ_PLUS"}},
	"folio-bit": {kind: KindBit, label: "a bit of a folio", cleared: "the stack does not show it"},

	"inode": {verb: verbUnlock, kind: KindLock, label: "i_rwsem of a file", watched: true, root: Lost,
		cleared: "the task that writes, truncates or removes the same file", holders: []string{"nfs_file_write", "nfs_file_direct_*", "notify_change", "vfs_unlink", "xfs_file_buffered_write"}},
	"directory": {verb: verbUnlock, kind: KindLock, label: "i_rwsem of a directory", watched: true, root: Lost,
		cleared: "the task that looks up, creates or removes in the same directory",
		holders: []string{"do_unlinkat", "do_rmdir", "vfs_mkdir", "vfs_create", "vfs_rename", "do_renameat2", "filename_unlinkat", "filename_rmdir", "filename_renameat2", "nfs_atomic_open", "lookup_open", "nfs_lookup", "path_openat"}},
	"name": {kind: KindLock, label: "a name that is being removed or renamed", verb: "give it free", watched: true, root: Lost,
		cleared: "the end of the REMOVE or RENAME", holders: []string{"nfs_unlink", "nfs_rename", "nfs_sillyrename", "nfs_rmdir"}},
	"rmdir-sem": {verb: verbUnlock, kind: KindLock, label: "rmdir_sem of a directory", watched: true, root: Lost,
		cleared: "the end of each REMOVE of a file that was in use when it was unlinked, or of the removal of the directory",
		holders: []string{"nfs_rmdir", "nfs_complete_unlink", "nfs_call_unlink", "nfs_do_call_unlink"}, ops: []string{"REMOVE"}},
	"freeing": {kind: KindOther, label: "inode on its way out (I_FREEING)", watched: true, root: Lost,
		cleared: "the task that evicts it", holders: []string{"evict", "nfs4_evict_inode", "dispose_list"}},
	"inode-sync": {kind: KindWriteback, label: "write-back of the inode (I_SYNC)", watched: true, root: Lost,
		cleared: "the flusher", holders: []string{"__writeback_single_inode", "writeback_single_inode"}},
	"own-inode-sync": {own: true, kind: KindWriteback, label: "write-back of the inode that it writes back itself (I_SYNC)", watched: true, root: Lost,
		cleared: "the flusher, when __writeback_single_inode() has returned", holders: []string{"__writeback_single_inode"}},
	"own-read": {own: true, kind: KindOther, label: "the end of a read whose answer it is handling itself", watched: true, root: Lost,
		cleared: "the messenger, when finish_netfs_read() has finished the request", holders: []string{"finish_netfs_read"}},
	// A task that runs shows no stack now and then, so that none is found is no evidence. Each shrinker has a count of its own of those who are in it.
	"shrinker": {kind: KindReclaim, label: "the last scan of a shrinker that is removed",
		cleared: "whoever takes memory back with it", holders: []string{"super_cache_scan"}},
	"nfsd-shrinker": {kind: KindReclaim, label: "the last scan of a shrinker of nfsd",
		cleared: "whoever takes memory back with it", holders: []string{"nfsd_slot_shrinker_scan", "nfsd_slot_scan", "nfsd_file_lru_scan", "nfsd_reply_cache_scan", "nfsd4_state_shrinker_scan"}},
	"nfsd-session": {kind: KindOther, label: "a session in the list of nfsd", root: Slow,
		cleared: "a client that makes one; while nfsd stops, none can", holders: serverStops},
	"flusher": {kind: KindWriteback, label: "flusher", watched: true, root: Lost,
		cleared: "wb_workfn", holders: []string{"wb_workfn"}},
	"s_umount": {verb: verbUnlock, kind: KindLock, label: "s_umount of a superblock", watched: true, root: Lost,
		cleared: "the task that unmounts, remounts, freezes or syncs it, or that shrinks its caches or writes it back", holders: []string{"super_cache_scan", "__writeback_inodes_wb", "generic_shutdown_super", "deactivate_locked_super", "freeze_super", "thaw_super", "reconfigure_super", "sync_filesystem"}},
	"frozen": {kind: KindFS, label: "frozen file system", root: Chain,
		cleared: "the task that thaws it (FITHAW)", holders: []string{"thaw_super"}},
	"writers": {kind: KindFS, label: "writers of a file system that is being frozen", root: Chain,
		cleared: "the end of all writes to it", holders: []string{"vfs_write", "mnt_want_write", "nfsd_vfs_write"}},
	"percpu-lock": {kind: KindLock, label: "a per-CPU rw-semaphore", cleared: "its writer"},

	"idle": {kind: KindOther, label: "work to do", root: Slow, cleared: "the next request or work item; it waits for no task"},
	"nfsd-file": {kind: KindBit, label: "NFSD_FILE_PENDING of a file in nfsd's cache", watched: true, root: Lost,
		cleared: "the nfsd thread that opens the file", holders: []string{"nfsd_file_do_acquire", "nfsd_open_verified"}},
	"export-inode": {verb: verbUnlock, watched: true, root: Lost, kind: KindLock, label: "i_rwsem of a file on the exported file system",
		cleared: "the task that works on the same file",
		holders: []string{"nfsd_vfs_write", "nfsd_setattr", "nfsd_commit", "xfs_file_buffered_write", "ext4_buffered_write_iter"}},
	"export-directory": {verb: verbUnlock, watched: true, root: Lost, kind: KindLock, label: "i_rwsem of a directory on the exported file system",
		cleared: "the task that creates, removes, renames or looks up in the same directory",
		holders: []string{"nfsd4_create_file", "nfsd_unlink", "nfsd_rename", "nfsd_create*", "nfsd_lookup*", "xfs_vn_*"}},
	"xfs-log": {kind: KindFS, label: "log of XFS", cleared: "the disk", holders: []string{"xlog_ioend_work", "xlog_cil_push_work", "xfs_log_worker"}, also: []string{"disk"}},
	"disk":    {kind: KindFS, label: "disk", root: Chain, cleared: "the end of its I/O"},

	"dirty-limit": {shared: true, kind: KindWriteback, label: "dirty limit (balance_dirty_pages)", root: Chain,
		cleared: "write-back of dirty pages, those of the NFS mounts included", holders: []string{"wb_workfn"}, ops: []string{"WRITE", "COMMIT"}},
	"memcg-high": {kind: KindReclaim, label: "throttle at memory.high", root: Slow, cleared: "its own timer, at most 2 s"},
	"memcg-oom":  {kind: KindReclaim, label: "OOM of a memory cgroup", root: Chain, cleared: "a task that is killed and exits", holders: []string{"do_exit"}},
	"reclaim": {shared: true, kind: KindReclaim, label: "reclaim", root: Chain, cleared: "kswapd, write-back, or a timer",
		holders: []string{"kswapd", "balance_pgdat", "wb_workfn"}, ops: []string{"WRITE", "COMMIT"}},
	"reclaiming":   {kind: KindReclaim, label: "its own reclaim", root: Slow, cleared: "itself: it was only preempted"},
	"work":         {kind: KindOther, label: "a work item", cleared: "the kworker that runs it", holders: []string{"process_one_work", "process_scheduled_works"}},
	"grace-period": {kind: KindOther, label: "RCU grace period", cleared: "every CPU passing a quiescent state"},
}

// cephReader reads what Ceph's servers answer, and ends reads and writes.
const cephReader = "ceph_con_workfn"

// localIO are functions that read, write or sync the server's files without RPC (LOCALIO).
var localIO = []string{"nfs_local_doio", "nfs_local_call_read", "nfs_local_call_write", "nfs_local_fsync_work"}

// nfsWriters are functions that go on to send writes that they already marked
// as under way, or that do them.
var nfsWriters = append([]string{"nfs_page_async_flush", "nfs_pageio_*", "nfs_writepages", "pnfs_write_*", "nfs_wb_folio"}, localIO...)
