package controls

import (
	"loopfault/results/verdict"
	"loopfault/results/waitfor"
)

// history are bugs that Linux had, which a scenario runs into time and again.
func history() []Control {
	return []Control{
		{
			Kernel: "history-lock-recovery", Scenario: "state-load:sessions",
			Mechanism: "lock held for a recovery",
			Explains:  "Who locks a file holds the rwsem of its inode while the LOCK waits for the end of the recovery, and the state manager waits for that rwsem to recover the locks.",
			Classes:   []waitfor.Class{waitfor.Cycle, waitfor.Unknown}, // holders of an rwsem are not in its evidence
			SeenBy:    []string{verdict.TaskWatch},
			Titles:    []string{"_nfs4_do_setlk", "nfs4_wait_clnt_recover", "nfs4_do_reclaim", "filemap_get_pages", "nfs4_proc_lock", "nfs_rename", "nfs_file_fsync"},
		},
		{
			Kernel: "history-release-folio", Scenario: "pnfs-server-reclaim:commits",
			Mechanism: "reclaim waits for a commit",
			Explains:  "The threads of nfsd reclaim memory and wait in nfs_release_folio() for COMMITs that no other thread is left to answer.",
			Classes:   []waitfor.Class{waitfor.Starved, waitfor.Cycle, waitfor.Unknown}, // short of memory, a guest may not tell much any more
			Deaf:      true,
			SeenBy:    []string{verdict.TaskWatch},
			Titles:    []string{"wait_on_commit", "nfs_writepages", "nfs_file_fsync", "nfs_wb_all", "pv_native_safe_halt"},
		},

		{
			Kernel: "history-cld-close", Scenario: "nfsdcld-upcalls",
			Mechanism: "answer of a dead daemon",
			Explains:  "A thread of nfsd waits for the answer of an nfsdcld that read the question and died, and another one was started since.",
			Classes:   []waitfor.Class{waitfor.Unknown}, // what a daemon does is not in the kernel's lists
			SeenBy:    []string{verdict.TaskWatch},
			Titles: []string{"nfsd4_cld_create_v2", "nfsd4_cld_remove", "nfsd4_cld_check_v2", // on the server
				"_nfs41_proc_secinfo_no_name", "nfs4_destroy_clientid", "nfs4_proc_destroy_clientid", "nfs41_proc_reclaim_complete", "nfs4_run_open_task", "nfs_wait_client_init_complete"},
		},
		{
			Kernel: "history-async-copy", Scenario: "server-copy-enomem",
			Mechanism: "callback lost",
			Explains:  "The client answers the CB_OFFLOAD of an asynchronous COPY by an error, having no memory, and the server does not repeat it, so whoever called copy_file_range() waits for ever.",
			Classes:   []waitfor.Class{waitfor.Lost},
			SeenBy:    []string{verdict.TaskWatch},
			Titles:    []string{"handle_async_copy", "_nfs42_proc_copy", "nfs42_proc_copy"},
			Blames:    []string{"handle_async_copy", "_nfs42_proc_copy", "nfs42_proc_copy"},
		},
		{
			Kernel: "history-layout-loop", Scenario: "pnfs-state-loss",
			Mechanism: "loop for a layout",
			Explains:  "Tasks that read or write a file that could not be recovered turn round in pnfs_update_layout(), with its folios locked, and others wait for those.",
			Classes:   []waitfor.Class{waitfor.Kept, waitfor.Cycle, waitfor.Slow}, // whoever loops is not blocked, and so not seen to hold anything
			Deaf:      true,
			SeenBy:    []string{verdict.TaskWatch},
			Titles:    []string{"nfs_do_read_folio", "nfs_writepages", "filemap_get_pages", "pnfs_update_layout", "nfs_wb_all", "nfs_file_fsync"},
		},
	}
}

// Missed is a bug that Linux had, of which no scenario is known that runs into it time and
// again.
type Missed struct {
	Kernel string   // in the catalogue of kernels
	Tried  []string // scenarios, as run takes them, that did not, or too seldom for a control
	Why    string   // in one sentence
}

// Missing lists the missed ones: first those whose scenarios reach what is needed, but not
// in the order or at the moment that is.
func Missing() []Missed {
	return []Missed{
		{
			Kernel: "history-callback-delay", Tried: []string{"rpc-disconnect", "rpc-disconnect:recalls"},
			Why: "The connection has to go between a callback that is put off and its repetition two seconds later, which one trial in eight showed.",
		},
		{
			Kernel: "history-manager-recall", Tried: []string{"state-load:vers=4.2", "state-restart", "rpc-disconnect:recalls"},
			Why: "A delegation has to be on its way back just when the server forgets the client, and its return has to be what the state manager does.",
		},
		{
			Kernel: "history-manager-race", Tried: []string{"state-load:vers=4.2"},
			Why: "The recovery has to be asked for within the few instructions in which the state manager ends, and no other task may ask again.",
		},
		{
			Kernel: "history-drain-livelock", Tried: []string{"pnfs-recall-storm", "pnfs-layoutreturn-load", "pnfs-ds-errors"},
			Why: "LAYOUTGETs of one file have to fail one after the other, which the server here does only while it recalls.",
		},
		{
			Kernel: "history-drain-twice", Tried: []string{"pnfs-recall-storm", "pnfs-state-loss"},
			Why: "Two writes of one file have to fail with ESTALE around the end of a LAYOUTGET that a third waits for.",
		},
		{
			Kernel: "history-open-layoutget", Tried: []string{"pnfs-recall-storm"},
			Why: "A request that an open() sends after its OPEN has to meet a recall of the very layout that the OPEN got.",
		},
		{
			Kernel: "history-roc-deadlock", Tried: []string{"pnfs-recall-storm", "pnfs-layoutreturn-load", "pnfs-ds-errors", "pnfs-state-loss"},
			Why: "An OPEN has to be given a delegation other than the one that the client has, while a LAYOUTRETURN and a recovery are under way.",
		},
		{
			Kernel: "history-killed-connect", Tried: []string{"umount-matrix", "memcg-oom"},
			Why: "A process has to be killed in the milliseconds in which the mount first connects to its data server.",
		},
		{
			Kernel: "history-close-mutex", Tried: []string{"v40-owner-queue"},
			Why: "The client sends requests of one open owner one after the other, so that another one for the same state comes only of a repeated CLOSE.",
		},
		{
			Kernel: "history-courtesy-callback", Tried: []string{"state-load:vers=4.2"},
			Why: "No workload has a client with delegations that stops renewing its lease and is destroyed later.",
		},
		{
			Kernel: "history-connect-race", Tried: []string{"rpc-disconnect"},
			Why: "The connection has to be there within a few instructions, and who misses it is woken when the request times out.",
		},
		{
			Kernel: "history-revalidate-wake", Tried: []string{"rename-order"},
			Why: "Whether the processor looks for waiters before others see its store shows on real processors, and hardly on an emulated one.",
		},
	}
}
