package waitfor

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// examples has a stack for each row of rules, in its order: how it begins, and
// the resource it means. Those of hangs that were seen are in testdata as well.
var examples = []struct{ stack, waits string }{
	{"nfs_wait_bit_killable pnfs_update_layout do_syscall_64", "layoutreturn"},
	{"nfs_wait_bit_killable pnfs_prepare_to_retry_layoutget pnfs_update_layout ff_layout_pg_get_read", "layoutreturn"},
	{"pnfs_roc do_syscall_64", "layoutreturn"},
	{"_pnfs_return_layout do_syscall_64", "layoutreturn"},
	{"pnfs_layoutcommit_inode do_syscall_64", "layoutcommitting"},
	{"pnfs_update_layout do_syscall_64", "first-layoutget"},
	{"__pnfs_destroy_layout do_syscall_64", "layout-refs"},
	{"pnfs_destroy_layout_final do_syscall_64", "layout-refs"},
	{"nfs4_handle_exception nfs4_proc_layoutget do_syscall_64", "layoutget-again"},
	{"nfs4_delay_killable __rpc_execute rpc_execute rpc_run_task nfs4_proc_layoutget do_syscall_64", "layoutget-again"},
	{"nfs4_pnfs_ds_connect do_syscall_64", "ds-connect"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_proc_layoutreturn do_syscall_64", "rpc:LAYOUTRETURN"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_call_sync _nfs4_proc_getdeviceinfo nfs4_proc_getdeviceinfo " +
		"nfs4_find_get_deviceid bl_alloc_lseg pnfs_layout_process nfs4_proc_layoutget do_syscall_64", "rpc:GETDEVICEINFO"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_proc_layoutget do_syscall_64", "rpc:LAYOUTGET"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_proc_layoutcommit do_syscall_64", "rpc:LAYOUTCOMMIT"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_do_close do_syscall_64", "rpc:CLOSE OPEN_DOWNGRADE"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_run_open_task do_syscall_64", "rpc:OPEN OPEN_NOATTR"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_do_setattr do_syscall_64", "rpc:SETATTR"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_proc_getattr do_syscall_64", "rpc:GETATTR"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_proc_lookup_common do_syscall_64", "rpc:LOOKUP"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_proc_access do_syscall_64", "rpc:ACCESS"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_do_create do_syscall_64", "rpc:CREATE SYMLINK"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_proc_remove do_syscall_64", "rpc:REMOVE"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs_sillyrename do_syscall_64", "rpc:RENAME"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs_rename do_syscall_64", "rpc:RENAME"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_proc_delegreturn do_syscall_64", "rpc:DELEGRETURN"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_proc_setlk do_syscall_64", "rpc:LOCK"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_proc_unlck do_syscall_64", "rpc:LOCKU"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_proc_statfs do_syscall_64", "rpc:STATFS"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_proc_readdir do_syscall_64", "rpc:READDIR"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_proc_destroy_session do_syscall_64", "rpc:DESTROY_SESSION"},
	{"rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_destroy_clientid do_syscall_64", "rpc:DESTROY_CLIENTID"},
	{"rpc_wait_bit_killable do_syscall_64", "rpc:"},
	{"rpc_shutdown_client do_syscall_64", "rpc:"},
	{"nfs4_handle_exception do_syscall_64", "server-delay"},
	{"nfs4_delay_killable do_syscall_64", "server-delay"},
	{"nfs4_do_reclaim nfs4_run_state_manager kthread", "drain"},
	{"nfs_wait_bit_killable nfs4_wait_clnt_recover do_syscall_64", "recovery"},
	{"nfs4_wait_clnt_recover do_syscall_64", "recovery"},
	{"nfs4_client_recover_expired_lease do_syscall_64", "recovery"},
	{"nfs4_drain_slot_tbl do_syscall_64", "drain"},
	{"nfs4_begin_drain_session do_syscall_64", "drain"},
	{"nfs_wait_bit_killable nfs_clear_invalid_mapping do_syscall_64", "invalidating"},
	{"nfs_wait_bit_killable nfs_file_read do_syscall_64", "invalidating"},
	{"nfs_wait_bit_killable nfs_vm_page_mkwrite do_syscall_64", "invalidating"},
	{"nfs_wait_client_init_complete do_syscall_64", "client-init"},
	{"update_open_stateid _nfs4_opendata_to_nfs4_state nfs4_opendata_to_nfs4_state _nfs4_do_open do_syscall_64", "open-number"},
	{"nfs_set_open_stateid_locked update_open_stateid _nfs4_opendata_to_nfs4_state do_syscall_64", "open-number"},
	{"nfs4_refresh_open_old_stateid nfs4_close_done rpc_exit_task __rpc_execute rpc_async_schedule process_one_work", "open-number"},
	{"nfs_iocounter_wait do_syscall_64", "lock-io"},
	{"nlmclnt_wait nlmclnt_lock nlmclnt_proc nfs3_proc_lock do_setlk", "nlm-lock"},
	{"nlmclnt_block nlmclnt_lock nlmclnt_proc nfs3_proc_lock do_setlk", "nlm-lock"},
	{"nlmclnt_lock nlmclnt_proc nfs3_proc_lock do_setlk nfs_lock", "nlm-lock"},
	{"handle_async_copy _nfs42_proc_copy nfs42_proc_copy nfs4_copy_file_range vfs_copy_file_range", "copy-offload"},
	{"_nfs42_proc_copy nfs42_proc_copy nfs4_copy_file_range vfs_copy_file_range", "copy-offload"},
	{"nfs42_proc_copy nfs4_copy_file_range vfs_copy_file_range", "copy-offload"},
	{"nfsd4_cld_create_v2 nfsd4_reclaim_complete nfsd4_proc_compound", "nfsdcld"},
	{"__cld_pipe_upcall nfsd4_cld_check_v2 nfs4_check_open_reclaim", "nfsdcld"},
	{"cld_pipe_upcall nfsd4_cld_grace_done", "nfsdcld"},
	{"gss_cred_init rpcauth_lookup_credcache gss_lookup_cred rpcauth_refreshcred rpcauth_bindcred __rpc_execute", "gssd"},
	{"gss_create_upcall gss_cred_init rpcauth_lookup_credcache gss_lookup_cred", "gssd"},
	{"wait_for_key_construction request_key_with_auxdata nfs_idmap_get_key nfs_map_name_to_uid", "idmapd"},
	{"call_usermodehelper_exec call_sbin_request_key request_key_and_link request_key_tag nfs_idmap_get_key nfs_map_name_to_uid", "nfsidmap"},
	{"nfs_idmap_get_key nfs_map_name_to_uid decode_getfattr_attrs call_decode __rpc_execute", "idmap-mutex"},
	{"wait_on_commit do_syscall_64", "commit"},
	{"nfs_file_direct_write vfs_write __x64_sys_pwrite64", "direct"},
	{"nfs_writepages do_writepages __writeback_single_inode", "congestion"},
	{"nfs_rmdir vfs_rmdir do_rmdir do_syscall_64", "rmdir-sem"},
	{"nfs_complete_unlink nfs_dentry_iput dentry_unlink_inode do_syscall_64", "rmdir-sem"},
	{"nfs_call_unlink nfs_complete_unlink nfs_dentry_iput do_syscall_64", "rmdir-sem"},
	{"nfs_wait_on_request do_syscall_64", "request"},
	{"nfs_page_group_lock_head do_syscall_64", "request"},
	{"nfs_lock_and_join_requests do_syscall_64", "request"},
	{"inode_wait_for_writeback evict ceph_put_wrbuffer_cap_refs ceph_invalidate_folio ceph_writepages_start do_writepages __writeback_single_inode writeback_sb_inodes", "own-inode-sync"},
	{"ceph_evict_inode evict finish_netfs_read handle_reply osd_dispatch ceph_con_process_message ceph_con_v1_try_read ceph_con_workfn process_one_work", "own-read"},
	{"folio_wait_bit_common folio_wait_writeback do_syscall_64", "writeback-bit"},
	{"folio_wait_bit_common folio_wait_bit_killable __folio_lock_or_retry do_swap_page handle_mm_fault", "swap-in"},
	{"__folio_lock_or_retry do_swap_page handle_mm_fault", "swap-in"},
	{"folio_wait_bit_common __folio_lock_killable do_syscall_64", "folio-lock"},
	{"folio_wait_bit_common writeback_iter do_syscall_64", "folio-lock"},
	{"folio_wait_bit_common write_cache_pages do_syscall_64", "folio-lock"},
	{"folio_wait_bit_common truncate_inode_pages_range do_syscall_64", "folio-lock"},
	{"folio_wait_bit_common nfs_vm_page_mkwrite do_page_mkwrite", "folio-lock"},
	{"folio_wait_bit_common invalidate_inode_pages2_range do_syscall_64", "folio-lock"},
	{"folio_wait_bit_common filemap_get_pages do_syscall_64", "folio-read"},
	{"folio_wait_bit_common filemap_fault do_syscall_64", "folio-read"},
	{"folio_wait_bit_common nfs_do_read_folio do_syscall_64", "folio-read"},
	{"folio_wait_bit_common do_syscall_64", "folio-bit"},
	{"folio_wait_private_2 do_syscall_64", "folio-bit"},
	{"__folio_lock write_cache_pages nfs_writepages", "folio-lock"},
	{"folio_wait_writeback do_syscall_64", "writeback-bit"},
	{"nfs_start_io_read do_syscall_64", "inode"},
	{"do_truncate do_syscall_64", "inode"},
	{"vfs_unlink do_syscall_64", "inode"},
	{"vfs_rmdir do_syscall_64", "inode"},
	{"vfs_rename nfsd_rename nfsd4_rename", "inode"},
	{"lock_two_nondirectories vfs_rename do_renameat2", "inode"},
	{"do_unlinkat do_syscall_64", "directory"},
	{"do_rmdir do_syscall_64", "directory"},
	{"filename_create do_syscall_64", "directory"},
	{"lock_rename_child do_syscall_64", "directory"},
	{"kern_path_locked devtmpfs_work_loop", "directory"},
	{"__kern_path_locked kern_path_locked devtmpfs_work_loop", "directory"},
	{"walk_component do_syscall_64", "directory"},
	{"lookup_slow do_syscall_64", "directory"},
	{"path_openat do_syscall_64", "directory"},
	{"do_renameat2 do_syscall_64", "directory"},
	{"filename_unlinkat __x64_sys_unlinkat do_syscall_64", "directory"},
	{"filename_rmdir do_syscall_64", "directory"},
	{"filename_renameat2 do_syscall_64", "directory"},
	{"lookup_open path_openat do_file_open", "directory"},
	{"start_dirop start_removing nfsd_unlink", "directory"},
	{"__start_dirop start_creating nfsd4_open", "directory"},
	{"start_creating nfsd4_open", "directory"},
	{"start_removing nfsd_unlink", "directory"},
	{"start_renaming nfsd_rename", "directory"},
	{"__nfs_lookup_revalidate lookup_fast path_openat", "name"},
	{"nfs_lookup_revalidate lookup_fast walk_component", "name"},
	{"open_last_lookups do_syscall_64", "directory"},
	{"iterate_dir do_syscall_64", "directory"},
	{"__wait_on_freeing_inode do_syscall_64", "freeing"},
	{"find_inode_fast do_syscall_64", "freeing"},
	{"inode_wait_for_writeback do_syscall_64", "inode-sync"},
	{"__inode_wait_for_writeback do_syscall_64", "inode-sync"},
	{"wb_wait_for_completion do_syscall_64", "flusher"},
	{"super_lock_shared do_syscall_64", "s_umount"},
	{"iterate_supers_type do_syscall_64", "s_umount"},
	{"deactivate_super do_syscall_64", "s_umount"},
	{"percpu_rwsem_wait freeze_super do_syscall_64", "writers"},
	{"freeze_super do_syscall_64", "writers"},
	{"percpu_rwsem_wait mnt_want_write_file do_syscall_64", "frozen"},
	{"percpu_rwsem_wait sb_start_write do_syscall_64", "frozen"},
	{"percpu_rwsem_wait vfs_write do_syscall_64", "frozen"},
	{"percpu_rwsem_wait do_truncate do_syscall_64", "frozen"},
	{"percpu_rwsem_wait nfsd_vfs_write do_syscall_64", "frozen"},
	{"percpu_rwsem_wait ksys_write do_syscall_64", "frozen"},
	{"percpu_rwsem_wait xfs_trans_alloc_inode do_syscall_64", "frozen"},
	{"percpu_rwsem_wait cgroup_attach_lock cgroup_procs_write_start", "percpu-lock"},
	{"sb_wait_write do_syscall_64", "writers"},
	{"svc_recv do_syscall_64", "idle"},
	{"cache_wait_req cache_defer_req cache_check svcauth_gss_legacy_init svcauth_gss_accept svc_process_common", "svcgssd"},
	{"cache_check svcauth_gss_legacy_init svcauth_gss_proc_init svc_process_common svc_process", "svcgssd"},
	{"cache_check svcauth_gss_proc_init svc_process_common svc_process", "svcgssd"},
	{"cache_wait_req cache_defer_req cache_check exp_find_key rqst_exp_find", "mountd"},
	{"cache_check svcauth_unix_set_client svc_set_client svc_process_common", "mountd"},
	{"__break_lease do_syscall_64", "recall"},
	{"nfsd_wait_for_delegreturn nfsd_setattr nfsd4_setattr", "recall"},
	{"nfsd_file_do_acquire do_syscall_64", "nfsd-file"},
	{"nfsd4_create_file do_syscall_64", "export-directory"},
	{"nfsd4_open nfsd4_proc_compound nfsd_dispatch", "export-directory"},
	{"nfsd4_setattr nfsd4_proc_compound nfsd_dispatch", "export-inode"},
	{"nfsd4_create nfsd4_proc_compound nfsd_dispatch", "export-directory"},
	{"nfsd4_remove nfsd4_proc_compound nfsd_dispatch", "export-directory"},
	{"nfsd4_rename nfsd4_proc_compound nfsd_dispatch", "export-directory"},
	{"nfsd_create_locked do_syscall_64", "export-directory"},
	{"nfsd_lookup_dentry do_syscall_64", "export-directory"},
	{"lookup_one_len_unlocked nfsd_lookup_dentry nfsd4_lookup", "export-directory"},
	{"nfsd_setattr do_syscall_64", "export-inode"},
	{"nfsd_commit nfsd4_commit nfsd4_proc_compound", "export-inode"},
	{"nfsd_unlink do_syscall_64", "export-directory"},
	{"nfsd_rename do_syscall_64", "export-directory"},
	{"xfs_file_buffered_write do_syscall_64", "export-inode"},
	{"xfs_ilock do_syscall_64", "export-inode"},
	{"generic_file_write_iter do_syscall_64", "export-inode"},
	{"ext4_buffered_write_iter do_syscall_64", "export-inode"},
	{"xlog_cil_push_now do_syscall_64", "xfs-log"},
	{"__flush_workqueue xlog_cil_push_now do_syscall_64", "xfs-log"},
	{"xfs_buf_iowait do_syscall_64", "disk"},
	{"submit_bio_wait do_syscall_64", "disk"},
	{"blkdev_issue_flush do_syscall_64", "disk"},
	{"blk_mq_get_tag do_syscall_64", "disk"},
	{"wait_on_buffer do_syscall_64", "disk"},
	{"balance_dirty_pages do_syscall_64", "dirty-limit"},
	{"mem_cgroup_handle_over_high do_syscall_64", "memcg-high"},
	{"mem_cgroup_oom_synchronize do_syscall_64", "memcg-oom"},
	{"reclaim_throttle do_syscall_64", "reclaim"},
	{"throttle_direct_reclaim do_syscall_64", "reclaim"},
	{"shrinker_free nfsd_destroy_serv nfsd_svc write_threads", "nfsd-shrinker"},
	{"shrinker_free nfs4_state_shutdown nfsd_shutdown_net nfsd_umount", "nfsd-shrinker"},
	{"shrinker_free deactivate_locked_super cleanup_mnt", "shrinker"},
	{"shrink_node do_syscall_64", "reclaiming"},
	{"try_to_free_mem_cgroup_pages do_syscall_64", "reclaiming"},
	{"__flush_work do_syscall_64", "work"},
	{"flush_work do_syscall_64", "work"},
	{"synchronize_rcu_expedited do_syscall_64", "grace-period"},
	{"synchronize_srcu do_syscall_64", "grace-period"},
	{"wait_rcu_gp do_syscall_64", "grace-period"},
	{"worker_thread do_syscall_64", "idle"},
	{"kthread do_syscall_64", "idle"},
	{"rescuer_thread do_syscall_64", "idle"},
}

// Each row is needed and comes before those that would take its stacks.
func TestEachRule(t *testing.T) {
	if !assert.Len(t, examples, len(rules), "one example for each row, in their order") {
		return
	}
	for i, e := range examples {
		got := ruleOf(strings.Fields(e.stack))
		if assert.Equal(t, i, got, "%q should match row %q", e.stack, rules[i].frames) {
			assert.Equal(t, e.waits, rules[got].waits, e.stack)
		}
	}
}

// Kernels before 5.16 have other names for some of the functions; the first stack is of 5.10.
func TestRulesKnowOlderNames(t *testing.T) {
	for stack, waits := range map[string]string{
		"wait_on_page_bit_common wait_on_page_writeback __filemap_fdatawait_range": "writeback-bit",
		"wait_on_page_bit_common __lock_page truncate_inode_pages_range":           "folio-lock",
		"wait_on_page_bit_common generic_file_buffered_read nfs_file_read":         "folio-read",
	} {
		i := ruleOf(strings.Fields(stack))
		if assert.GreaterOrEqual(t, i, 0, stack) {
			assert.Equal(t, waits, rules[i].waits, stack)
		}
	}
	for old, now := range renamed {
		assert.True(t, slices.ContainsFunc(rules, func(r rule) bool {
			return slices.ContainsFunc(strings.Fields(r.frames), func(p string) bool { return matches(p, now) })
		}), "%s is %s now, which no rule speaks of", old, now)
	}
}

// Rows lead somewhere, and resources are led to.
func TestRulesAndThingsAgree(t *testing.T) {
	used := map[string]bool{}
	for _, r := range rules {
		if !strings.HasPrefix(r.waits, "rpc:") {
			assert.Contains(t, resources, r.waits, r.frames)
			used[r.waits] = true
		}
	}
	for _, q := range queues {
		assert.Contains(t, resources, q)
		used[q] = true
	}
	for f, row := range loops {
		assert.Contains(t, resources, row, f)
		used[row] = true
	}
	used["client-answer"], used["server-delay"], used["reconnect"], used["answered"] = true, true, true, true // net.go, clear.go
	for _, key := range slices.Sorted(maps.Keys(resources)) {
		assert.True(t, used[key], "nothing leads to %q", key)
		assert.NotEmpty(t, resources[key].label, key)
		assert.NotEmpty(t, resources[key].cleared, key)
		for _, also := range resources[key].also {
			assert.Contains(t, resources, also)
		}
	}
}

// The console prints the scheduler and the locks, /proc does not.
func TestConsoleAndProcReadAlike(t *testing.T) {
	console := "__schedule schedule schedule_preempt_disabled rwsem_down_write_slowpath down_write nfs_start_io_write nfs_file_write vfs_write"
	proc := "nfs_start_io_write nfs_file_write vfs_write"
	assert.Equal(t, asleep(strings.Fields(proc)), asleep(strings.Fields(console)))
	bit := "__schedule schedule bit_wait __wait_on_bit out_of_line_wait_on_bit pnfs_update_layout.isra.0 x"
	assert.Equal(t, []string{"pnfs_update_layout", "x"}, asleep(strings.Fields(bit)))
}

// Functions that kernels 6.1 and 6.12 put between are skipped by "...".
func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		stack, frames string
		want          bool
	}{
		{"a b c", "a b", true}, {"a b c", "a c", false}, {"a b c", "a ... c", true}, {"a c", "a ... c", true},
		{"a b", "a b c", false}, {"a", "a ...", true}, {"", "a", false}, {"", "...", true}, {"ab c", "a* c", true}, {"ba", "a*", false},
	} {
		assert.Equal(t, c.want, startsWith(strings.Fields(c.stack), strings.Fields(c.frames)), "%q %q", c.stack, c.frames)
	}
}

// An open that the client could do by itself sent no OPEN, and has no session slot while it sets up the file's state.
func TestAnOpenWithoutAnRPCHoldsNoSlot(t *testing.T) {
	opens := strings.Fields("nfs_fhget _nfs4_opendata_to_nfs4_state nfs4_do_open")
	f, held := resources["slots"].heldBy(opens)
	assert.True(t, held)
	assert.Equal(t, "_nfs4_opendata_to_nfs4_state", f)
	cached := strings.Fields("rpc_wait_bit_killable nfs4_proc_access nfs_do_access nfs4_try_open_cached _nfs4_opendata_to_nfs4_state nfs4_do_open")
	for _, key := range []string{"slots", "drain"} {
		_, held = resources[key].heldBy(cached)
		assert.False(t, held, key)
	}
}
