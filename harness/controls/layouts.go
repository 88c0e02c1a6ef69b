package controls

import (
	"loopfault/results/verdict"
	"loopfault/results/waitfor"
)

// layouts are bugs planted in the code of pNFS layouts.
func layouts() []Control {
	return []Control{
		{
			Kernel: "control-lost-wakeup", Scenario: "pnfs-layoutreturn-evict",
			Also:      []string{"pnfs-layoutreturn-enomem", "pnfs-layoutreturn-explore"},
			Mechanism: "lost wake-up",
			Explains:  "The error path of pnfs_send_layoutreturn() leaves NFS_LAYOUT_RETURN set, so whoever needs the layout waits for a bit that no task will clear.",
			// A cycle: a CLOSE that waits for a session slot might be what returns the layout, and an OPEN that waits for the inode holds the
			// slot (docs/findings/open-evict.md). Which layout an RPC is about shows nowhere.
			Classes: []waitfor.Class{waitfor.Lost, waitfor.Cycle},
			SeenBy:  []string{verdict.TaskWatch},
			// Others wait for the inode on its way out, or for the directory meanwhile.
			Titles: []string{"pnfs_update_layout", "_pnfs_return_layout", "pnfs_roc", "path_openat", "do_unlinkat", "walk_component"},
		},
		lostWakeup("control-lost-wakeup-umount", "pnfs-layoutreturn-umount", "while its superblock is being shut down"),
		lostWakeup("control-lost-wakeup-exit", "pnfs-layoutreturn-exit", "in a task that exits"),
		lostWakeup("control-lost-wakeup-reclaim", "pnfs-layoutreturn-reclaim", "in a task that reclaims memory"),
		deaf(lostWakeup("control-lost-wakeup-kswapd", "pnfs-server-reclaim", "in kswapd")),
		lostWakeup("control-lost-wakeup-drop", "pnfs-layoutreturn-evict:drop-caches", "in a task that drops caches"),
		lostWakeup("control-lost-wakeup-recall", "pnfs-layoutreturn-evict:rival", "in the thread that answers recalls"),
		lostWakeup("control-lost-wakeup-error", "pnfs-layoutreturn-evict:ds-errors", "of a layout that an error of a data server marked"),
		{
			Kernel: "control-layout-ref-leak", Scenario: "pnfs-layoutreturn-enomem",
			Also:      []string{"pnfs-fail-nth", "pnfs-block-enomem"},
			Mechanism: "reference leaked",
			Explains:  "The error path of pnfs_send_layoutreturn() keeps a reference to the layout header, so whoever evicts the inode waits for ever for the header to go away.",
			Classes:   []waitfor.Class{waitfor.Kept},
			SeenBy:    []string{verdict.TaskWatch, verdict.Khungtaskd},
			Titles:    []string{"pnfs_destroy_layout_final"},
		},
		{
			Kernel: "control-layoutreturn-unanswered", Scenario: "pnfs-layoutreturn-load",
			Also:      []string{"pnfs-recall-storm", "pnfs-ds-errors"},
			Mechanism: "reply never sent",
			Explains:  "The server drops the reply to a LAYOUTRETURN, so its sender waits for an answer that will not come, and others wait for the layout it returns.",
			Classes:   []waitfor.Class{waitfor.NoReply},
			SeenBy:    []string{verdict.TaskWatch},
			Titles:    []string{"nfs4_proc_layoutreturn", "pnfs_update_layout", "nfs4_do_close"},
			Blames:    []string{"nfs4_proc_layoutreturn"},
		},
		{
			Kernel: "control-cpu-lockup", Scenario: "pnfs-layoutreturn-enomem",
			Mechanism: "processors locked up",
			Explains:  "The error path of pnfs_send_layoutreturn() turns the interrupts of all processors off for ever, so the guest becomes unresponsive.",
			Classes:   []waitfor.Class{waitfor.Nothing},
			Deaf:      true,
			SeenBy:    []string{verdict.Silence},
			Silent:    true,
			Titles:    []string{"control_lock_up"},
		},
	}
}

// deaf is a control whose guest runs no command any more.
func deaf(c Control) Control {
	c.Deaf = true
	return c
}

// lostWakeup is control-lost-wakeup for a single call site of the path, given by where.
func lostWakeup(kernel, scenario, where string) Control {
	return Control{
		Kernel: kernel, Scenario: scenario,
		Mechanism: "lost wake-up",
		Explains: "The error path of pnfs_send_layoutreturn() leaves NFS_LAYOUT_RETURN set " + where +
			", so whoever needs the layout waits for a bit that no task is left to clear.",
		Classes: []waitfor.Class{waitfor.Lost},
		SeenBy:  []string{verdict.TaskWatch},
		// The last six wait for the waiters of the bit; any of them may be seen first.
		Titles: []string{"_pnfs_return_layout", "pnfs_update_layout", "__wait_on_freeing_inode", "filemap_get_pages", "truncate_inode_pages_range",
			"nfs_do_read_folio", "path_openat", "do_unlinkat"},
	}
}
