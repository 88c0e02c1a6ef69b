// Package controls is the regression suite of the harness's eyes: kernels with a
// bug planted in them, each over another mechanism, the scenario that runs into the
// bug, and what has to be seen when it does.
//
// A control that is not seen to hang means that a detector or an injector is
// broken, whatever the other results say. The package is a table; it starts
// nothing. Its guest test runs it, with `make test-controls`.
package controls

import (
	"loopfault/results/verdict"
	"loopfault/results/waitfor"
)

// Control is one planted bug.
type Control struct {
	Kernel    string // in the catalogue of kernels
	Scenario  string // in the catalogue of scenarios
	Mechanism string // in a word or two
	Explains  string // the hang, in one sentence, for who reads the table
	// Classes are what the explanation may come to; in at least one of the trials that hang it
	// must be one of them.
	Classes []waitfor.Class
	// SeenBy are the detectors that must each have seen it in at least one of the trials
	// that hang; others may have.
	SeenBy []string
	// Silent says that khungtaskd must not say a word, in no trial: all who wait
	// do it killably, or nobody stays blocked.
	Silent bool
	// Titles are what the verdict's title may be about, one of them.
	Titles []string
	// Blames are functions of which at least one must be the blame frame of some report.
	Blames []string
}

// All lists the controls.
func All() []Control {
	return []Control{
		{
			Kernel: "control-lost-wakeup", Scenario: "pnfs-layoutreturn-enomem",
			Mechanism: "lost wake-up",
			Explains:  "The error path of pnfs_send_layoutreturn() leaves NFS_LAYOUT_RETURN set, so whoever needs the layout waits for a bit that nobody will clear.",
			Classes:   []waitfor.Class{waitfor.Lost},
			SeenBy:    []string{verdict.TaskWatch, verdict.Khungtaskd},
			Titles:    []string{"pnfs_update_layout", "_pnfs_return_layout", "pnfs_roc"},
		},
		{
			Kernel: "control-layout-ref-leak", Scenario: "pnfs-layoutreturn-enomem",
			Mechanism: "reference leaked",
			Explains:  "The error path of pnfs_send_layoutreturn() keeps a reference to the layout header, so whoever evicts the inode waits for ever for the header to go away.",
			Classes:   []waitfor.Class{waitfor.Kept},
			SeenBy:    []string{verdict.TaskWatch, verdict.Khungtaskd},
			Titles:    []string{"pnfs_destroy_layout_final"},
		},
		{
			Kernel: "control-seqid-asleep", Scenario: "v40-owner-queue",
			Mechanism: "RPC queue not woken",
			Explains:  "nfs_release_seqid() does not wake the next RPC task of an open owner, so all later OPENs and CLOSEs of that user line up behind a task that nobody will wake.",
			Classes:   []waitfor.Class{waitfor.Lost},
			SeenBy:    []string{verdict.TaskWatch},
			Silent:    true,
			Titles:    []string{"nfs4_do_close", "nfs4_run_open_task"},
			Blames:    []string{"nfs4_do_close"},
		},
		{
			Kernel: "control-layoutreturn-unanswered", Scenario: "pnfs-layoutreturn-load",
			Mechanism: "reply never sent",
			Explains:  "The server drops the reply to a LAYOUTRETURN, so its sender waits for an answer that will not come, and others wait for the layout it returns.",
			Classes:   []waitfor.Class{waitfor.NoReply},
			SeenBy:    []string{verdict.TaskWatch},
			Titles:    []string{"nfs4_proc_layoutreturn", "pnfs_update_layout", "nfs4_do_close"},
			Blames:    []string{"nfs4_proc_layoutreturn"},
		},
		{
			Kernel: "control-create-lock-kept", Scenario: "create-known",
			Mechanism: "lock not released",
			Explains:  "nfsd4_create_file() leaves the directory locked when the file is there already, so one nfsd thread after the other waits for a lock that nobody holds any more.",
			Classes:   []waitfor.Class{waitfor.Kept},
			SeenBy:    []string{verdict.TaskWatch, verdict.Khungtaskd},
			Titles: []string{"nfsd_unlink", "nfsd4_open", "lookup_one_len_unlocked", "iterate_dir", // on the server
				"nfs4_run_open_task", "_nfs4_proc_lookup", "_nfs4_proc_access", "path_openat", "do_unlinkat", "nfs4_proc_remove"}, // on the client
			Blames: []string{"nfsd_unlink", "nfsd4_open", "lookup_one_len_unlocked", "iterate_dir"},
		},
		{
			Kernel: "control-commit-order", Scenario: "commit-rename",
			Mechanism: "locks in two orders",
			Explains:  "COMMIT locks the file and then its directory, REMOVE and RENAME lock them the other way round, so two nfsd threads wait for each other and all others behind them.",
			Classes:   []waitfor.Class{waitfor.Cycle},
			SeenBy:    []string{verdict.TaskWatch, verdict.Khungtaskd},
			Titles: []string{"kern_path_locked", "__kern_path_locked", "nfsd_commit", "vfs_rename", "vfs_unlink", "nfsd_unlink", "nfsd_rename", // on the server
				"nfs4_proc_rename", "nfs4_proc_remove", "nfs4_run_open_task", "wait_on_commit", "__nfs_commit_inode", "nfs_wb_all", "do_unlinkat"}, // on the client
			Blames: []string{"kern_path_locked", "__kern_path_locked", "vfs_rename", "vfs_unlink", "lock_two_nondirectories"},
		},
		{
			Kernel: "control-nfsd-starved", Scenario: "few-threads",
			Mechanism: "server starved",
			Explains:  "A file in the server's cache of open files stays marked as being opened, so each request for it takes one nfsd thread for good until none is left.",
			Classes:   []waitfor.Class{waitfor.Starved, waitfor.Lost},
			SeenBy:    []string{verdict.TaskWatch, verdict.Khungtaskd},
			Titles:    []string{"nfsd_file_do_acquire"},
			Blames:    []string{"nfsd_file_do_acquire"},
		},
		{
			Kernel: "control-congestion-kept", Scenario: "dirty-limit",
			Mechanism: "throttling",
			Explains:  "Write congestion of the mount is never declared over, so the flusher sleeps for ever and writers turn round in balance_dirty_pages() at the dirty limit.",
			Classes:   []waitfor.Class{waitfor.Lost},
			SeenBy:    []string{verdict.TaskWatch, verdict.StallWatch},
			Silent:    true,
			Titles:    []string{"nfs_writepages", "balance_dirty_pages"},
			Blames:    []string{"nfs_writepages", "balance_dirty_pages"},
		},
		{
			Kernel: "control-local-throttle", Scenario: "dirty-limit",
			Mechanism: "near-stop",
			Explains:  "Threads of nfsd are throttled for the dirty pages of the mount that only they can clean, so the mount nearly stops though nobody sleeps for long.",
			Classes:   []waitfor.Class{waitfor.Starved, waitfor.Lost, waitfor.Slow},
			SeenBy:    []string{verdict.StallWatch},
			Titles:    []string{"writer", "balance_dirty_pages", "nfs_writepages", "__filemap_get_folio", "nfs_file_fsync", "nfs_wb_all", "folio_wait_writeback"},
		},
		{
			Kernel: "control-recovery-loop", Scenario: "lease-loss",
			Mechanism: "recovery never finishes",
			Explains:  "The state manager marks each file it has recovered for recovery again, so it sends OPENs for ever while all others wait for it to finish.",
			Classes:   []waitfor.Class{waitfor.Slow, waitfor.Unknown}, // nobody is stuck, and the end is not known
			SeenBy:    []string{verdict.TaskWatch},
			Titles:    []string{"nfs4_wait_clnt_recover", "wait_on_commit", "nfs_file_fsync", "nfs_wb_all", "nfs4_do_close", "nfs4_run_open_task", "_nfs4_proc_getattr"},
		},
		{
			Kernel: "control-thaw-halfway", Scenario: "freeze-export",
			Mechanism: "freeze never over",
			Explains:  "The thaw of the exported file system keeps one of its locks, so one nfsd thread after the other waits in mnt_want_write() for a freeze that is over.",
			Classes:   []waitfor.Class{waitfor.Starved, waitfor.Chain},
			// The stall watch and the task watch run out at the same moment; whoever is first ends the trial.
			SeenBy: []string{verdict.Khungtaskd},
			Titles: []string{"vfs_iter_write", "do_truncate", "nfsd4_open", "nfsd_unlink", "nfs_file_fsync", "nfs_wb_all", "nfs4_run_open_task", "nfs4_do_close", "path_openat"},
			Blames: []string{"vfs_iter_write", "do_truncate", "nfsd4_open", "nfsd_unlink"},
		},
		{
			Kernel: "control-cpu-lockup", Scenario: "pnfs-layoutreturn-enomem",
			Mechanism: "processors locked up",
			Explains:  "The error path of pnfs_send_layoutreturn() turns the interrupts of all processors off for ever, so the guest says nothing any more.",
			Classes:   []waitfor.Class{waitfor.Nothing},
			SeenBy:    []string{verdict.Silence},
			Silent:    true,
			Titles:    []string{"control_lock_up"},
		},
	}
}
