package waitfor

import (
	"slices"
	"strings"
)

// rule reads one kind of wait from a stack. To add one, write a row and an
// example for it in rules_test.go; the first row that matches counts.
type rule struct {
	// frames is how the stack begins, innermost function first, without the
	// scheduler and the locks (match.go): "..." stands for any functions
	// between, a star for the rest of a name.
	frames string
	// waits names a row of resources.go, or "rpc:" and the operations one of which
	// it is.
	waits string
}

var rules = []rule{
	// pNFS: bits of a layout.
	{"nfs_wait_bit_killable pnfs_update_layout", "layoutreturn"}, // pnfs_prepare_to_retry_layoutget, inlined
	{"nfs_wait_bit_killable pnfs_prepare_to_retry_layoutget", "layoutreturn"},
	{"pnfs_roc", "layoutreturn"},
	{"_pnfs_return_layout", "layoutreturn"},
	{"pnfs_layoutcommit_inode", "layoutcommitting"},
	{"pnfs_update_layout", "first-layoutget"}, // wait_on_bit: the other two waits in it
	{"__pnfs_destroy_layout", "layout-refs"},
	{"pnfs_destroy_layout*", "layout-refs"},
	{"nfs4_handle_exception nfs4_proc_layoutget", "layoutget-again"},
	{"nfs4_delay* ... nfs4_proc_layoutget", "layoutget-again"},
	{"nfs4_pnfs_ds_connect*", "ds-connect"},

	// RPCs that a task waits for itself.
	{"rpc_wait_bit_killable ... nfs4_proc_layoutreturn", "rpc:LAYOUTRETURN"},
	{"rpc_wait_bit_killable ... nfs4_proc_getdeviceinfo", "rpc:GETDEVICEINFO"}, // also below nfs4_proc_layoutget
	{"rpc_wait_bit_killable ... nfs4_proc_layoutget", "rpc:LAYOUTGET"},
	{"rpc_wait_bit_killable ... nfs4_proc_layoutcommit", "rpc:LAYOUTCOMMIT"},
	{"rpc_wait_bit_killable ... nfs4_do_close", "rpc:CLOSE OPEN_DOWNGRADE"},
	{"rpc_wait_bit_killable ... nfs4_run_open_task", "rpc:OPEN OPEN_NOATTR"},
	{"rpc_wait_bit_killable ... nfs4_do_setattr", "rpc:SETATTR"},
	{"rpc_wait_bit_killable ... nfs4_proc_getattr", "rpc:GETATTR"},
	{"rpc_wait_bit_killable ... nfs4_proc_lookup*", "rpc:LOOKUP"},
	{"rpc_wait_bit_killable ... nfs4_proc_access", "rpc:ACCESS"},
	{"rpc_wait_bit_killable ... nfs4_do_create", "rpc:CREATE SYMLINK"},
	{"rpc_wait_bit_killable ... nfs4_proc_remove", "rpc:REMOVE"},
	{"rpc_wait_bit_killable ... nfs_sillyrename", "rpc:RENAME"},
	{"rpc_wait_bit_killable ... nfs_rename", "rpc:RENAME"},
	{"rpc_wait_bit_killable ... nfs4_proc_delegreturn", "rpc:DELEGRETURN"},
	{"rpc_wait_bit_killable ... nfs4_proc_setlk", "rpc:LOCK"},
	{"rpc_wait_bit_killable ... nfs4_proc_unlck", "rpc:LOCKU"},
	{"rpc_wait_bit_killable ... nfs4_proc_statfs", "rpc:STATFS"},
	{"rpc_wait_bit_killable ... nfs4_proc_readdir", "rpc:READDIR"},
	{"rpc_wait_bit_killable ... nfs4_proc_destroy_session", "rpc:DESTROY_SESSION"},
	{"rpc_wait_bit_killable ... nfs4_destroy_clientid", "rpc:DESTROY_CLIENTID"},
	{"rpc_wait_bit_killable", "rpc:"},
	{"rpc_shutdown_client", "rpc:"},
	{"nfs4_handle_exception", "server-delay"},
	{"nfs4_delay*", "server-delay"},

	// State of the NFS client.
	{"nfs4_do_reclaim", "drain"},
	{"nfs_wait_bit_killable nfs4_wait_clnt_recover", "recovery"},
	{"nfs4_wait_clnt_recover", "recovery"},
	{"nfs4_client_recover_expired_lease", "recovery"},
	{"nfs4_drain_slot_tbl", "drain"},
	{"nfs4_begin_drain_session", "drain"},
	{"nfs_wait_bit_killable nfs_clear_invalid_mapping", "invalidating"},
	{"nfs_wait_bit_killable nfs_file_*", "invalidating"},
	{"nfs_wait_bit_killable nfs_vm_page_mkwrite", "invalidating"},
	{"nfs_wait_client_init_complete", "client-init"},
	{"update_open_stateid", "open-number"}, // nfs_set_open_stateid_locked, inlined
	{"nfs_set_open_stateid_locked", "open-number"},
	{"nfs4_refresh_open_old_stateid", "open-number"},
	{"nfs_iocounter_wait", "lock-io"},
	{"nlmclnt_wait", "nlm-lock"},
	{"nlmclnt_block", "nlm-lock"},
	{"nlmclnt_lock", "nlm-lock"},
	{"handle_async_copy", "copy-offload"},
	{"_nfs42_proc_copy", "copy-offload"}, // handle_async_copy, inlined
	{"nfs42_proc_copy", "copy-offload"},
	{"nfsd4_cld_*", "nfsdcld"},
	{"__cld_pipe_upcall", "nfsdcld"},
	{"cld_pipe_upcall", "nfsdcld"},
	{"gss_cred_init", "gssd"}, // gss_create_upcall, inlined
	{"gss_create_upcall", "gssd"},
	{"wait_for_key_construction ... nfs_idmap_get_key", "idmapd"},
	{"call_usermodehelper_exec ... nfs_idmap_get_key", "nfsidmap"},
	{"nfs_idmap_get_key", "idmap-mutex"},
	{"wait_on_commit", "commit"},
	{"nfs_file_direct_*", "direct"}, // nfs_direct_wait, inlined
	{"nfs_writepages", "congestion"},
	{"nfs_rmdir", "rmdir-sem"},
	{"nfs_complete_unlink", "rmdir-sem"},
	{"nfs_call_unlink", "rmdir-sem"},
	{"nfs_wait_on_request", "request"},
	{"nfs_page_group_lock*", "request"},
	{"nfs_lock_and_join_requests", "request"},

	// Ceph: who waits is the one that would end the wait, of the same inode.
	{"inode_wait_for_writeback ... ceph_put_wrbuffer_cap_refs ... __writeback_single_inode", "own-inode-sync"},
	{"... ceph_evict_inode ... finish_netfs_read ... ceph_con_workfn", "own-read"},

	// Folios.
	{"folio_wait_bit_common folio_wait_writeback", "writeback-bit"},
	{"folio_wait_bit_common ... __folio_lock_or_retry do_swap_page", "swap-in"},
	{"__folio_lock_or_retry do_swap_page", "swap-in"}, // where compilers inline folio_wait_bit_common
	{"folio_wait_bit_common __folio_lock*", "folio-lock"},
	{"folio_wait_bit_common writeback_iter", "folio-lock"},
	{"folio_wait_bit_common write_cache_pages", "folio-lock"},
	{"folio_wait_bit_common truncate_inode_pages_range", "folio-lock"},
	{"folio_wait_bit_common nfs_vm_page_mkwrite", "folio-lock"},
	{"folio_wait_bit_common invalidate_inode_pages2_range", "folio-lock"},
	{"folio_wait_bit_common filemap_get_pages", "folio-read"},
	{"folio_wait_bit_common filemap_fault", "folio-read"},
	{"folio_wait_bit_common nfs_do_read_folio", "folio-read"},
	{"folio_wait_bit_common", "folio-bit"},
	{"folio_wait_private_2", "folio-bit"},
	{"__folio_lock*", "folio-lock"}, // where compilers inline folio_wait_bit_common
	{"folio_wait_writeback", "writeback-bit"},

	// Inodes, directories, superblocks.
	{"nfs_start_io_*", "inode"},
	{"do_truncate", "inode"},
	{"vfs_unlink", "inode"},
	{"vfs_rmdir", "inode"},
	{"vfs_rename", "inode"},
	{"lock_two_nondirectories", "inode"},
	{"do_unlinkat", "directory"},
	{"do_rmdir", "directory"},
	{"filename_create", "directory"},
	{"lock_rename*", "directory"},
	{"kern_path_locked", "directory"},
	{"__kern_path_locked", "directory"},
	{"walk_component", "directory"},
	{"lookup_slow", "directory"},
	{"path_openat", "directory"},
	{"do_renameat2", "directory"},
	{"filename_unlinkat", "directory"}, // here and below: names that came with 7.0 or shortly before
	{"filename_rmdir", "directory"},
	{"filename_renameat2", "directory"},
	{"lookup_open", "directory"},
	{"start_dirop", "directory"},
	{"__start_dirop", "directory"},
	{"start_creating*", "directory"},
	{"start_removing*", "directory"},
	{"start_renaming*", "directory"},
	{"__nfs_lookup_revalidate", "name"},
	{"nfs_lookup_revalidate*", "name"},
	{"open_last_lookups", "directory"},
	{"iterate_dir", "directory"},
	{"__wait_on_freeing_inode", "freeing"},
	{"find_inode*", "freeing"},
	{"inode_wait_for_writeback", "inode-sync"},
	{"__inode_wait_for_writeback", "inode-sync"},
	{"wb_wait_for_completion", "flusher"},
	{"super_lock*", "s_umount"},
	{"iterate_supers*", "s_umount"},
	{"deactivate_super", "s_umount"},
	{"percpu_rwsem_wait freeze_super", "writers"},
	{"freeze_super", "writers"},
	{"percpu_rwsem_wait mnt_want_write*", "frozen"},
	{"percpu_rwsem_wait sb_start_*", "frozen"},
	{"percpu_rwsem_wait vfs_*", "frozen"},
	{"percpu_rwsem_wait do_*", "frozen"},
	{"percpu_rwsem_wait nfsd*", "frozen"},
	{"percpu_rwsem_wait ksys_write", "frozen"},
	{"percpu_rwsem_wait xfs_trans_alloc*", "frozen"}, // sb_start_intwrite, inlined
	{"percpu_rwsem_wait", "percpu-lock"},
	{"sb_wait_write", "writers"},

	// The server's own waits.
	{"svc_recv", "idle"},
	{"cache_wait_req ... svcauth_gss_legacy_init", "svcgssd"},
	{"cache_check ... svcauth_gss_legacy_init", "svcgssd"}, // cache_wait_req, inlined
	{"cache_check ... svcauth_gss_proc_init", "svcgssd"},   // and svcauth_gss_legacy_init
	{"cache_wait_req", "mountd"},
	{"cache_check", "mountd"},
	{"__break_lease", "recall"},
	{"nfsd_wait_for_delegreturn", "recall"},
	{"nfsd_file_do_acquire", "nfsd-file"},
	{"nfsd4_create_file", "export-directory"},
	{"nfsd4_open", "export-directory"},
	{"nfsd4_setattr", "export-inode"},
	{"nfsd4_create", "export-directory"},
	{"nfsd4_remove", "export-directory"},
	{"nfsd4_rename", "export-directory"},
	{"nfsd_create*", "export-directory"},
	{"nfsd_lookup_dentry", "export-directory"},
	{"lookup_one_*", "export-directory"},
	{"nfsd_setattr", "export-inode"},
	{"nfsd_commit", "export-inode"},
	{"nfsd_unlink", "export-directory"},
	{"nfsd_rename", "export-directory"},
	{"xfs_file_buffered_write", "export-inode"},
	{"xfs_ilock", "export-inode"},
	{"generic_file_write_iter", "export-inode"},
	{"ext4_buffered_write_iter", "export-inode"},
	{"xlog_*", "xfs-log"},
	{"__flush_workqueue xlog_*", "xfs-log"},
	{"xfs_buf_*", "disk"},
	{"submit_bio_wait", "disk"},
	{"blkdev_issue_flush", "disk"},
	{"blk_mq_get_tag", "disk"},
	{"wait_on_buffer", "disk"},

	// Memory.
	{"balance_dirty_pages*", "dirty-limit"},
	{"mem_cgroup_handle_over_high", "memcg-high"},
	{"mem_cgroup_oom_synchronize", "memcg-oom"},
	{"reclaim_throttle", "reclaim"},
	{"throttle_direct_reclaim", "reclaim"},
	{"shrinker_free ... nfsd_destroy_serv", "nfsd-shrinker"},
	{"shrinker_free ... nfsd_shutdown_net", "nfsd-shrinker"},
	{"shrinker_free", "shrinker"},
	{"shrink_*", "reclaiming"},
	{"try_to_free_*", "reclaiming"},

	{"__flush_work*", "work"},
	{"flush_work*", "work"},
	{"synchronize_rcu*", "grace-period"},
	{"synchronize_srcu*", "grace-period"},
	{"wait_rcu_gp", "grace-period"},
	{"worker_thread", "idle"},
	{"kthread", "idle"},
	{"rescuer_thread", "idle"},
}

// renamed are functions by their names in kernels before 5.16, which had pages where rules
// speak of folios.
var renamed = map[string]string{
	"wait_on_page_bit_common":    "folio_wait_bit_common",
	"wait_on_page_writeback":     "folio_wait_writeback",
	"__lock_page":                "__folio_lock",
	"__lock_page_killable":       "__folio_lock_killable",
	"generic_file_buffered_read": "filemap_get_pages",
	"wait_on_page_bit":           "folio_wait_writeback",
	"wait_on_page_bit_killable":  "folio_wait_writeback",
}

// ruleOf is the row that a stack matches, by number, or -1.
func ruleOf(stack []string) int {
	stack = slices.Clone(stack)
	for i, f := range stack {
		if now := renamed[f]; now != "" {
			stack[i] = now
		}
	}
	for i, r := range rules {
		if startsWith(stack, strings.Fields(r.frames)) {
			return i
		}
	}
	return -1
}
