package controls

import (
	"loopfault/results/verdict"
	"loopfault/results/waitfor"
)

// server are bugs planted in the server and its file systems.
func server() []Control {
	return []Control{
		{
			Kernel: "control-create-lock-kept", Scenario: "create-known",
			Mechanism: "lock not released",
			Explains:  "nfsd4_create_file() leaves the directory locked when the file is there already, so one nfsd thread after the other waits for a lock that no task holds any more.",
			Classes:   []waitfor.Class{waitfor.Kept},
			SeenBy:    []string{verdict.TaskWatch, verdict.Khungtaskd},
			Titles: []string{"nfsd_unlink", "nfsd4_open", "lookup_one_len_unlocked", "iterate_dir", "start_creating", "start_removing", "lookup_slow", // on the server
				"nfs4_run_open_task", "_nfs4_proc_lookup", "_nfs4_proc_access", "path_openat", "do_unlinkat", "filename_unlinkat", "lookup_open", "nfs4_proc_remove"}, // on the client
			Blames: []string{"nfsd_unlink", "nfsd4_open", "lookup_one_len_unlocked", "iterate_dir", "start_creating", "start_removing"},
		},
		{
			Kernel: "control-commit-order", Scenario: "commit-rename",
			Mechanism: "locks in two orders",
			Explains:  "COMMIT locks the file and then its directory, REMOVE and RENAME lock them the other way round, so two nfsd threads wait for each other and all others behind them.",
			Classes:   []waitfor.Class{waitfor.Cycle},
			SeenBy:    []string{verdict.TaskWatch, verdict.Khungtaskd},
			Titles: []string{"kern_path_locked", "__kern_path_locked", "start_removing_path", "start_removing", "start_renaming", "nfsd_commit", "vfs_rename", "vfs_unlink", "nfsd_unlink", "nfsd_rename", // on the server
				"nfs4_proc_rename", "nfs4_proc_remove", "nfs4_run_open_task", "wait_on_commit", "__nfs_commit_inode", "nfs_wb_all", "do_unlinkat", "filename_unlinkat", "lookup_open"}, // on the client
			Blames: []string{"kern_path_locked", "__kern_path_locked", "start_removing_path", "vfs_rename", "vfs_unlink", "lock_two_nondirectories"},
		},
		{
			Kernel: "control-nfsd-starved", Scenario: "few-threads",
			Also:      []string{"reexport"},
			Mechanism: "server starved",
			Explains:  "A file in the server's cache of open files stays marked as being opened, so each request for it takes one nfsd thread for good until none is left.",
			Classes:   []waitfor.Class{waitfor.Starved, waitfor.Lost},
			SeenBy:    []string{verdict.TaskWatch, verdict.Khungtaskd},
			Titles: []string{"nfsd_file_do_acquire", // on the server
				"wait_on_commit", "nfs_wb_all", "nfs_file_fsync"}, // on the client
			Blames: []string{"nfsd_file_do_acquire"},
		},
		{
			Kernel: "control-mountd-wakes-one", Scenario: "mountd-upcalls",
			Mechanism: "lost wake-up of the server",
			Explains:  "An answer of rpc.mountd wakes one of the nfsd threads that wait for it, so the others sleep on until no thread is left to serve a request.",
			Classes:   []waitfor.Class{waitfor.Lost, waitfor.Starved, waitfor.NoReply}, // no reply: to a request that was put aside
			SeenBy:    []string{verdict.TaskWatch},
			Titles: []string{"cache_check", "cache_wait_req", // on the server
				"wait_on_commit", "nfs_wb_all", "nfs_file_fsync", "nfs4_run_open_task", "nfs4_do_close", "path_openat"}, // on the client
			Blames: []string{"cache_check", "cache_wait_req"},
		},
		{
			Kernel: "control-delegreturn-unanswered", Scenario: "delegreturn-reclaim",
			Mechanism: "reply never sent",
			Explains:  "The server does not answer every 4th DELEGRETURN, so kswapd, which evicts an inode and returns its delegation, waits for ever, and so does everybody who needs memory or the inode.",
			Classes:   []waitfor.Class{waitfor.NoReply, waitfor.Cycle, waitfor.Starved},
			SeenBy:    []string{verdict.TaskWatch, verdict.Khungtaskd},
			Titles: []string{"_nfs4_proc_delegreturn", "nfs_write_begin", "nfs4_run_open_task", "nfs4_do_close", "path_openat", "__wait_on_freeing_inode", "find_inode",
				"nfs_wb_all", "nfs_file_fsync", "wait_on_commit", "nfs_writepages"},
		},
		{
			Kernel: "control-dirdeleg-kept", Scenario: "directory-delegations", Stalls: true, // a process that is stopped for a look without load lets its directory go
			Mechanism: "lease not released",
			Explains:  "The server keeps the lease of a directory whose recalled delegation came back, so it puts off for ever whoever changes that directory, and on the client these hold the locks of their directories.",
			Classes:   []waitfor.Class{waitfor.Slow},
			SeenBy:    []string{verdict.TaskWatch, verdict.Khungtaskd},
			Titles: []string{"lock_two_directories", "nfs_rename", "nfs_rmdir", "nfs_mkdir", "nfs_unlink", "nfs4_handle_exception", "nfs4_delay", "nfs4_proc_rename", "nfs4_proc_remove", "nfs4_proc_rmdir", "nfs4_proc_mkdir",
				"lookup_open", "path_openat", "filename_unlinkat", "filename_mkdirat", "filename_renameat2", "filename_rmdir", "iterate_dir", "start_creating", "start_removing", "__start_renaming", "lookup_slow"},
		},
		{
			Kernel: "control-local-throttle", Scenario: "dirty-limit", Stalls: true,
			Mechanism: "near-stop",
			Explains:  "Threads of nfsd are throttled for the dirty pages of the mount that only they can clean, so the mount nearly stops though no task sleeps for long.",
			Classes:   []waitfor.Class{waitfor.Starved, waitfor.Lost, waitfor.Slow},
			SeenBy:    []string{verdict.StallWatch + Or + verdict.TaskWatch}, // threads of nfsd that wait for a throttled one's inode sleep for long
			Titles:    []string{"writer", "balance_dirty_pages", "nfs_writepages", "__filemap_get_folio", "nfs_file_fsync", "nfs_wb_all", "folio_wait_writeback", "xfs_ilock", "nfs_write_begin", "nfs4_run_open_task"},
		},
		{
			Kernel: "control-thaw-halfway", Scenario: "freeze-export",
			Mechanism: "freeze never over",
			Explains:  "The thaw of the exported file system keeps one of its locks, so one nfsd thread after the other waits in mnt_want_write() for a freeze that is over.",
			Classes:   []waitfor.Class{waitfor.Starved, waitfor.Chain},
			// The stall watch and the task watch time out at the same moment; the first one ends the trial.
			SeenBy: []string{verdict.Khungtaskd},
			Titles: []string{"vfs_iter_write", "do_truncate", "nfsd4_open", "nfsd_unlink", "nfs_file_fsync", "nfs_wb_all", "nfs_wb_folio", "nfs4_run_open_task", "nfs4_do_close", "path_openat", "lookup_open"},
			Blames: []string{"vfs_iter_write", "vfs_iocb_iter_write", "do_truncate", "nfsd4_open", "nfsd_unlink"},
		},
	}
}
