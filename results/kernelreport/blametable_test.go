package kernelreport

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBlameTable(t *testing.T) {
	used := map[string]bool{}
	for i, row := range blameTable {
		t.Run(row.pattern, func(t *testing.T) {
			example, ok := blameExamples[row.pattern]
			used[row.pattern] = ok
			if strings.IndexByte(row.pattern, '*') < 0 {
				require.False(t, ok, "a row without a star needs no example")
				example = row.pattern
			} else {
				require.True(t, ok, "add an example to blameExamples")
			}
			assert.NotEmpty(t, row.why)
			assert.NotZero(t, row.class)
			assert.NotContains(t, row.pattern[:min(len(row.pattern), 2)], "*", "rows are looked up by their first two letters")
			assert.False(t, strings.HasPrefix(row.pattern, "_"), "leading underscores are taken off names")
			assert.Equal(t, i, blameRowOf(example), "%s is taken by another row", example)
			assert.Equal(t, i, blameRowOf("__"+example+".isra.0"))
			assert.NotEqual(t, i, blameRowOf("xfs_"+example))
		})
	}
	for pattern := range blameExamples {
		assert.True(t, used[pattern], "example for a row that is gone: %s", pattern)
	}
}

// TestTellingFunctions: names that look like locks or waits but tell which file system or protocol is stuck.
func TestTellingFunctions(t *testing.T) {
	for _, fn := range strings.Fields(`
		inode_wait_for_writeback evict dispose_list iput iput_final d_alloc_parallel lookup_slow lock_mount lock_rename
		mnt_want_write mnt_want_write_file iterate_supers sync_inodes_sb vfs_fsync_range wb_wait_for_completion
		balance_dirty_pages filemap_fdatawrite_range deactivate_super
		nfs_wait_on_request nfs_wait_client_init_complete nfs4_wait_clnt_recover nfs_iocounter_wait nfs_lock_and_join_requests
		nfs4_proc_layoutreturn _nfs4_proc_getattr nfs4_do_close nfs4_run_state_manager nfs_wb_folio nfs4_proc_lock
		pnfs_update_layout _pnfs_return_layout pnfs_send_layoutreturn pnfs_layout_process nfs_set_open_stateid_locked
		nfsd4_lock nfsd4_open nfsd_lookup nfsd4_destroy_session nfsd4_cb_recall_any_release nfsd_file_close_inode_sync
		nlmclnt_lock nlmsvc_lock rpc_shutdown_client rpc_clnt_remove_pipedir xprt_destroy xs_close
		ceph_get_caps ceph_put_wrbuffer_cap_refs ceph_mdsc_wait_request netfs_wait_for_outstanding_io netfs_unbuffered_read_iter
		xfs_ilock xfs_buf_lock xfs_log_force xlog_wait btrfs_tree_lock btrfs_tree_read_lock wait_current_trans ocfs2_cluster_lock
		gfs2_glock_wait gfs2_gl_hash_clear jbd2_log_wait_commit jbd2_journal_commit_transaction wait_transaction_locked
		ext4_buffered_write_iter fuse_wait_on_page_writeback fuse_lock_inode dlm_lock_sync locks_lock_inode_wait
		stripe_handle strp_recv list_lru_add shrink_slab reclaim_throttle freeze_super thaw_super`) {
		assert.Zero(t, classOf(fn), fn)
	}
}

func TestPlainName(t *testing.T) {
	for in, want := range map[string]string{
		"f":                           "f",
		"f.isra.0":                    "f",
		"f.part.0.isra.3":             "f",
		"f.constprop.0":               "f",
		"f.cold":                      "f",
		"f.cold.12":                   "f",
		"f.llvm.1234567890":           "f",
		"nfs4_do_open.isra.12.part.4": "nfs4_do_open",
		"":                            "",
		".":                           ".",
		"f.x":                         "f.x",
	} {
		assert.Equal(t, want, plainName(in), in)
	}
	assert.Equal(t, "pnfs_return_layout", bareName("_pnfs_return_layout.part.0"))
	assert.Equal(t, "___", bareName("___"))
}

func TestOperationTable(t *testing.T) {
	for _, row := range operationTable {
		require.NotEmpty(t, row.why, row.name)
		for _, p := range row.patterns {
			fn := strings.ReplaceAll(p, "*", "x")
			assert.NotEqual(t, "-", operation([]Frame{{Func: fn}}), p)
		}
	}
	stack := func(fns ...string) (out []Frame) {
		for _, f := range fns {
			out = append(out, Frame{Func: f})
		}
		return out
	}
	assert.Equal(t, "umount", operation(stack("nfs4_evict_inode", "evict", "generic_shutdown_super", "do_exit")))
	assert.Equal(t, "reclaim", operation(stack("evict", "shrink_slab.constprop.0", "try_to_free_pages", "nfsd_dispatch")))
	assert.Equal(t, "exit", operation(stack("nfs4_do_close", "__fput", "do_exit")))
	assert.Equal(t, "close", operation(stack("nfs4_do_close", "__fput", "task_work_run")))
	assert.Equal(t, "evict", operation(stack("nfs4_evict_inode", "iput", "do_unlinkat")))
	assert.Equal(t, "state-manager", operation(stack("nfs4_reclaim_open_state", "nfs4_run_state_manager", "kthread")))
	assert.Equal(t, "poll", operation(stack("do_poll", "__x64_sys_poll")))
	assert.Equal(t, "poll", operation(stack("do_poll", "__arm64_sys_poll")))
	assert.Equal(t, "work", operation(stack("f", "process_one_work", "worker_thread", "kthread")))
	assert.Equal(t, "kthread", operation(stack("f", "kthread", "ret_from_fork")))
	assert.Equal(t, "-", operation(nil))
}
