package controls

import (
	"slices"

	"loopfault/results/verdict"
	"loopfault/results/waitfor"
)

// noReply are titles of tasks that wait for replies that do not come, or for those who do.
var noReply = []string{"nfs4_wait_clnt_recover", "nfs_file_fsync", "path_openat", "nfs_wb_all", "wait_on_commit", "do_unlinkat", "nfs_rename", "nfs4_run_open_task", "nfs4_do_close",
	"nfs4_proc_lock", "_nfs4_proc_access", "_nfs4_proc_lookup", "_nfs4_proc_getattr"}

// client are bugs planted elsewhere in the NFS client and its RPCs.
func client() []Control {
	return []Control{
		{
			Kernel: "control-seqid-asleep", Scenario: "v40-owner-queue",
			Mechanism: "RPC queue not woken",
			Explains:  "nfs_release_seqid() does not wake the next RPC task of an open owner, so all later OPENs and CLOSEs of that user line up behind a task that no task will wake.",
			Classes:   []waitfor.Class{waitfor.Lost},
			SeenBy:    []string{verdict.TaskWatch},
			Silent:    true,
			Titles:    []string{"nfs4_do_close", "nfs4_run_open_task"},
			Blames:    []string{"nfs4_do_close"},
		},
		{
			Kernel: "control-recovery-loop", Scenario: "lease-loss",
			Also:      []string{"server-restart", "failover"},
			Mechanism: "recovery never finishes",
			Explains:  "The state manager marks each file it has recovered for recovery again, so it sends OPENs for ever while all others wait for it to finish.",
			Classes:   []waitfor.Class{waitfor.Slow, waitfor.Unknown}, // no task is stuck, and the end is not known
			SeenBy:    []string{verdict.TaskWatch},
			Titles:    []string{"nfs4_wait_clnt_recover", "wait_on_commit", "nfs_file_fsync", "nfs_wb_all", "nfs4_do_close", "nfs4_run_open_task", "_nfs4_proc_getattr"},
		},
		{
			Kernel: "control-recovery-unannounced", Scenario: "state-restart",
			Also:      []string{"state-load", "v41-lease-loss", "v41-lease-expired"},
			Mechanism: "end of recovery not announced",
			Explains:  "The state manager does not wake the RPCs that wait for the end of a recovery, so they and all who need them sleep on after it.",
			Classes:   []waitfor.Class{waitfor.Lost},
			SeenBy:    []string{verdict.TaskWatch},
			Titles: []string{"nfs_wb_all", "nfs4_proc_lock", "nfs4_do_close", "nfs4_run_open_task", "nfs_file_fsync", "path_openat", "do_unlinkat",
				"nfs4_wait_clnt_recover", "_nfs4_proc_access", "_nfs4_proc_lookup", "_nfs4_proc_getattr", "filemap_get_pages"},
		},
		{
			Kernel: "control-cookie-ignored", Scenario: "rpc-disconnect",
			Mechanism: "request never repeated",
			Explains:  "A request that was lost with its connection is taken for one that is on its way over the new one, so it is never sent again.",
			Classes:   []waitfor.Class{waitfor.NoReply},
			SeenBy:    []string{verdict.TaskWatch},
			Titles:    noReply,
		},
		{
			Kernel: "control-late-reply-dropped", Scenario: "server-silent",
			Mechanism: "reply lost",
			Explains:  "A reply that comes after the client has said \"not responding\" counts for nothing, so its request is waited for for ever.",
			Classes:   []waitfor.Class{waitfor.NoReply},
			SeenBy:    []string{verdict.TaskWatch, verdict.Khungtaskd},
			Titles:    slices.Concat(noReply, []string{"_nfs41_proc_secinfo_no_name"}),
		},
		{
			Kernel: "control-open-order", Scenario: "open-order",
			Mechanism: "turn never told",
			Explains:  "A CLOSE does not wake the OPENs whose replies wait for its number in the file's open stateid, so they sleep for ever.",
			Classes:   []waitfor.Class{waitfor.Lost},
			SeenBy:    []string{verdict.TaskWatch},
			Titles:    []string{"update_open_stateid", "nfs4_do_close", "nfs4_run_open_task"},
			Blames:    []string{"update_open_stateid"},
		},
		{
			Kernel: "control-thaw-forgets", Scenario: "frozen-workers",
			Mechanism: "lost wake-up of a frozen task",
			Explains:  "The reply of an RPC wakes a task that is frozen, and the thaw forgets it, so the task sleeps on with its locks, and others wait for those.",
			Classes:   []waitfor.Class{waitfor.Lost, waitfor.Kept},
			SeenBy:    []string{verdict.TaskWatch},
			Titles: []string{"nfs4_run_open_task", "nfs4_do_close", "nfs4_do_call_sync", "nfs4_call_sync_sequence", "_nfs4_proc_access", "_nfs4_proc_lookup", "_nfs4_proc_getattr",
				"_nfs4_proc_remove", "nfs4_proc_rename", "path_openat", "do_unlinkat", "walk_component", "nfs_wb_all", "nfs_file_fsync", "wait_on_commit"},
		},
		{
			Kernel: "control-gssd-wakes-none", Scenario: "gssd-upcalls",
			Mechanism: "answer wakes no task",
			Explains:  "An answer of rpc.gssd that comes late wakes none of the tasks that wait for it, so they and all who need them sleep on though the daemon has answered.",
			Classes:   []waitfor.Class{waitfor.Unknown}, // whether a daemon that runs was asked shows in no list of the kernel
			SeenBy:    []string{verdict.TaskWatch},
			Titles:    []string{"gss_cred_init", "nfs4_run_open_task", "nfs4_do_close", "nfs_wb_all", "nfs_file_fsync", "wait_on_commit", "path_openat"},
		},
		{
			Kernel: "control-idmap-unanswered", Scenario: "idmapd-upcalls:killed",
			Mechanism: "end of a daemon not told",
			Explains:  "A process that asked an rpc.idmapd which then died waits for ever with idmap_mutex held, and everybody else who meets a new name of an owner waits for the mutex.",
			Classes:   []waitfor.Class{waitfor.Unknown, waitfor.Kept}, // whether a daemon that runs was asked shows in no list of the kernel
			SeenBy:    []string{verdict.TaskWatch, verdict.Khungtaskd},
			Titles:    []string{"nfs_idmap_get_key", "nfs_wb_all", "nfs_file_fsync", "wait_on_commit", "path_openat", "nfs4_run_open_task"},
			Blames:    []string{"nfs_idmap_get_key"},
		},
		{
			Kernel: "control-congestion-kept", Scenario: "dirty-limit:usual",
			Mechanism: "throttling",
			Explains:  "Write congestion of the mount is never declared over, so the flusher sleeps for ever and writers turn round in balance_dirty_pages() at the dirty limit.",
			Classes:   []waitfor.Class{waitfor.Lost},
			SeenBy:    []string{verdict.TaskWatch},
			Silent:    true,
			Titles:    []string{"nfs_writepages", "balance_dirty_pages"},
			Blames:    []string{"nfs_writepages", "balance_dirty_pages"},
		},
		{
			Kernel: "control-direct-commit-lost", Scenario: "direct-writers",
			Mechanism: "completion lost",
			Explains:  "The answer to a COMMIT of a direct write does not end that write, so the writer waits for ever though no RPC of it is under way.",
			Classes:   []waitfor.Class{waitfor.Lost},
			SeenBy:    []string{verdict.TaskWatch},
			Silent:    true,
			Titles:    []string{"nfs_file_direct_write", "nfs_file_fsync", "wait_on_commit"},
			Blames:    []string{"nfs_file_direct_write"},
		},
		{
			Kernel: "control-localio-lost", Scenario: "localio-writers",
			Mechanism: "completion lost",
			Explains:  "The end of a READ or WRITE without RPC does not release its pages, so whoever needs them waits for ever though no task does that I/O any more.",
			Classes:   []waitfor.Class{waitfor.Lost},
			SeenBy:    []string{verdict.TaskWatch},
			Titles:    []string{"nfs_wb_all", "nfs_write_begin", "nfs_file_fsync", "nfs_file_direct_write", "nfs_vm_page_mkwrite", "wb_wait_for_completion", "nfs_writepages", "filemap_get_pages"},
		},
		{
			Kernel: "control-swap-read-lost", Scenario: "swap-file",
			Mechanism: "completion lost",
			Explains:  "The end of a READ of a swapped page does not unlock the page, so whoever touches that memory waits in the page fault though no RPC of it is under way.",
			Classes:   []waitfor.Class{waitfor.Kept},
			SeenBy:    []string{verdict.TaskWatch, verdict.Khungtaskd},
			Titles:    []string{"do_swap_page"},
			Blames:    []string{"do_swap_page"},
		},
		{
			Kernel: "control-nlm-grant-lost", Scenario: "nlm-locks",
			Mechanism: "lost wake-up of a lock",
			Explains:  "The server's GRANTED callback of an NFSv3 lock wakes no task, so the server holds the lock for a client that sleeps on, and all others wait for that.",
			Classes:   []waitfor.Class{waitfor.Lost, waitfor.Unknown},
			SeenBy:    []string{verdict.TaskWatch},
			Titles:    []string{"nlmclnt_wait", "nlmclnt_block", "nlmclnt_lock"},
		},
		{
			Kernel: "control-fault-lock-kept", Scenario: "mmap-writers",
			Mechanism: "page left locked",
			Explains:  "A store to a mapped page that is written back is tried again without the page being unlocked, so whoever needs the page waits for its lock.",
			Classes:   []waitfor.Class{waitfor.Kept},
			SeenBy:    []string{verdict.TaskWatch, verdict.Khungtaskd},
			Titles:    []string{"filemap_fault", "nfs_vm_page_mkwrite", "nfs_writepages", "nfs_wb_all", "nfs_file_fsync"},
			Blames:    []string{"nfs_vm_page_mkwrite"},
		},
		{
			Kernel: "control-exit-commit", Scenario: "memcg-oom",
			Mechanism: "count not given back",
			Explains:  "A process that exits leaves a COMMIT counted as begun, so the next one who waits for all COMMITs of that file waits for ever.",
			Classes:   []waitfor.Class{waitfor.Lost},
			SeenBy:    []string{verdict.TaskWatch},
			Titles:    []string{"wait_on_commit", "wb_wait_for_completion", "nfs_wb_all"},
			Blames:    []string{"wait_on_commit"},
		},
		{
			Kernel: "control-exit-write", Scenario: "umount-matrix",
			Also:      []string{"container-exit"},
			Mechanism: "write-back without end",
			Explains:  "What a process that exits has dirty is marked as being written and never sent, so its own close(), and whoever evicts the inode, waits for the end of that.",
			Classes:   []waitfor.Class{waitfor.Lost},
			SeenBy:    []string{verdict.TaskWatch},
			Titles:    []string{"nfs_wb_all", "wb_wait_for_completion"},
			Blames:    []string{"nfs_wb_all"},
		},
		{
			Kernel: "control-rmdir-sem-kept", Scenario: "overlay-copyup",
			Mechanism: "lock not released",
			Explains:  "Who evicts what an overlay has of a removed file keeps the directory's rmdir_sem, so whoever removes that directory waits for it for ever, with its parent locked.",
			Classes:   []waitfor.Class{waitfor.Kept},
			SeenBy:    []string{verdict.TaskWatch, verdict.Khungtaskd},
			Titles:    []string{"nfs_rmdir", "nfs_complete_unlink", "do_rmdir", "filename_create"},
		},
		{
			Kernel: "control-rename-race", Scenario: "rename-order",
			Also:      []string{"rename-explore"},
			Mechanism: "race for a wake-up",
			Explains:  "Who waits for a RENAME looks whether it is still under way and then sleeps without another look, so an answer that comes just between the two leaves that task asleep for ever, and the directory locked.",
			Classes:   []waitfor.Class{waitfor.Lost},
			SeenBy:    []string{verdict.TaskWatch},
			Titles:    []string{"nfs_sillyrename", "nfs_rename", "do_unlinkat", "path_openat", "filename_unlinkat", "lookup_open"},
			Blames:    []string{"nfs_sillyrename", "nfs_rename"},
		},
	}
}
