package kernelreport

import (
	"strings"
	"sync"
)

// operationRow maps functions to the operation that a hung task was about. Patterns are as in blameTable.
type operationRow struct {
	name     string
	patterns []string
	why      string
}

// operationTable is tried from the top: the first row of which any function is in the stack names the operation. What is
// rarer and explains more stands first: an eviction during an unmount is an unmount, and memory reclaim on behalf of
// anything is reclaim, because that is what its deadlocks are about.
var operationTable = [...]operationRow{
	{"umount", []string{"generic_shutdown_super", "deactivate_locked_super", "cleanup_mnt", "kill_anon_super", "nfs_kill_super", "kill_block_super"},
		"a file system goes away, by umount or with its last user"},
	{"reclaim", []string{"shrink_slab*", "do_shrink_slab", "shrink_node*", "shrink_zone*", "shrink_lruvec", "shrink_inactive_list", "shrink_page_list", "shrink_folio_list",
		"super_cache_scan", "prune_icache_sb", "prune_dcache_sb", "try_to_free_pages", "do_try_to_free_pages", "try_to_free_mem_cgroup_pages", "balance_pgdat", "kswapd"},
		"memory is short, in kswapd or in the task that wants some"},
	{"writeback", []string{"wb_workfn", "wb_writeback", "wb_do_writeback", "writeback_sb_inodes", "writeback_inodes_wb", "bdi_writeback_workfn", "bdi_writeback_thread", "bdi_writeback_task", "pdflush"},
		"the flusher threads"},
	{"state-manager", []string{"nfs4_run_state_manager", "nfs4_state_manager"}, "NFSv4 state recovery"},
	{"nfsd-callback", []string{"nfsd4_run_cb_work", "nfsd4_do_callback_rpc", "nfsd4_cb_*"}, "the server calls a client back"},
	{"nfsd-laundromat", []string{"laundromat_main", "nfs4_laundromat"}, "the server expires clients and state"},
	{"nfs-callback", []string{"nfs4_callback_svc", "nfs_callback_dispatch"}, "the client serves a recall"},
	{"lockd", []string{"lockd", "nlmsvc_*"}, "the lock server"},
	{"nfsd", []string{"nfsd", "nfsd_*", "nfsd3_*", "nfsd4_*"}, "the server serves a request"},
	{"rpciod", []string{"rpc_async_schedule", "rpc_async_release", "xprt_autoclose", "xprt_destroy_cb", "xs_*_workfn", "xs_tcp_setup_socket"}, "the RPC worker threads"},
	{"evict", []string{"evict", "evict_inodes", "dispose_list", "*_evict_inode"}, "an inode goes away"},
	{"exit", []string{"do_exit"}, "a process ends"},
	{"close", []string{"fput", "filp_close", "filp_flush", "nfs4_do_close", "sys_close", "x64_sys_close", "arm64_sys_close"}, "a file is closed"},
	{"sync", []string{"vfs_fsync*", "do_fsync", "ksys_sync", "sync_filesystem", "sync_inodes_sb", "sys_sync", "iterate_supers"}, "dirty data is written on request"},
	{"mount", []string{"vfs_get_tree", "do_mount", "path_mount", "do_new_mount", "vfs_kern_mount", "mount_fs"}, "a file system is mounted"},
	{"exec", []string{"do_execve*", "do_execveat_common", "bprm_execve"}, "a program is started"},
	{"open", []string{"path_openat", "do_filp_open", "do_sys_openat2", "do_sys_open", "vfs_open"}, "a file is opened"},
	{"rename", []string{"vfs_rename", "do_renameat2", "filename_renameat2", "sys_renameat*"}, "a file is renamed"},
	{"unlink", []string{"vfs_unlink", "do_unlinkat", "vfs_rmdir", "do_rmdir", "filename_unlinkat", "filename_rmdir"}, "a file is removed"},
	{"create", []string{"vfs_mkdir", "do_mkdirat", "vfs_create", "vfs_symlink", "vfs_link", "do_linkat", "do_symlinkat", "vfs_mknod",
		"filename_mkdirat", "filename_mknodat", "filename_linkat", "filename_symlinkat"}, "a name is made"},
	{"truncate", []string{"do_truncate", "vfs_truncate", "do_sys_ftruncate", "vfs_fallocate"}, "a file changes its size"},
	{"setattr", []string{"notify_change", "chmod_common", "chown_common", "vfs_utimes"}, "attributes are changed"},
	{"xattr", []string{"vfs_setxattr", "vfs_getxattr", "vfs_listxattr", "do_setxattr", "do_getxattr"}, "extended attributes"},
	{"lock", []string{"fcntl_setlk*", "fcntl_getlk*", "vfs_lock_file", "do_lock_file_wait", "flock_lock_inode_wait", "sys_flock"}, "a file is locked"},
	{"readdir", []string{"iterate_dir", "vfs_readdir"}, "a directory is read"},
	{"write", []string{"vfs_write", "vfs_writev", "do_iter_write", "vfs_iter_write", "do_sync_write", "io_write"}, "data is written"},
	{"read", []string{"vfs_read", "vfs_readv", "do_iter_read", "do_sync_read", "io_read"}, "data is read"},
	{"stat", []string{"vfs_getattr*", "vfs_statx", "vfs_fstatat", "vfs_statfs", "user_statfs", "statfs_by_dentry", "vfs_stat", "vfs_lstat"}, "attributes are asked for"},
	{"lookup", []string{"filename_lookup", "user_path_at*", "path_lookupat", "do_path_lookup", "kern_path"}, "a path is followed"},
	{"fault", []string{"handle_mm_fault", "do_user_addr_fault", "do_page_fault"}, "a page is missing"},
	{"freeze", []string{"freeze_super", "thaw_super"}, "a file system is frozen"},
}

var operationLookup = sync.OnceValue(func() *patterns {
	rows := make([][]string, len(operationTable))
	for i, row := range operationTable {
		rows[i] = row.patterns
	}
	return newPatterns(rows...)
})

// syscallPrefixes are what architectures and ages put before a system call's name.
var syscallPrefixes = [...]string{"x64_sys_", "ia32_sys_", "ia32_compat_sys_", "arm64_sys_", "arm64_compat_sys_", "s390x_sys_", "s390_sys_",
	"riscv_sys_", "se_sys_", "do_sys_", "se_compat_sys_", "ksys_", "compat_sys_", "sys_", "SyS_", "SYSC_"}

// operation names what a task was about when it hung: a row of operationTable, a system call's name, "work", "kthread",
// or "-" if the stack does not tell.
func operation(frames []Frame) string {
	frames = reliable(frames)
	best := len(operationTable)
	for _, f := range frames {
		best = operationLookup().first(bareName(f.Func), best)
	}
	if best < len(operationTable) {
		return operationTable[best].name
	}
	for i := len(frames) - 1; i >= 0; i-- {
		name := bareName(frames[i].Func)
		for _, p := range syscallPrefixes {
			if call, ok := strings.CutPrefix(name, p); ok && call != "" && call != "call" {
				return slug(call)
			}
		}
	}
	op := "-"
	for _, f := range frames {
		switch bareName(f.Func) {
		case "process_one_work", "worker_thread", "run_workqueue":
			return "work"
		case "kthread", "ret_from_fork", "ret_from_fork_asm", "kernel_thread_helper", "child_rip":
			op = "kthread"
		}
	}
	return op
}

func matchesAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if matchPattern(p, name) {
			return true
		}
	}
	return false
}
