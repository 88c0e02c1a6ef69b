package kernelreport

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// blameExamples gives for each pattern with a star a function that real kernels print and that its row must match. Rows
// without a star are tried with their own name.
var blameExamples = map[string]string{
	"filemap_get_folio*":         "__filemap_get_folio_mpol",
	"find_lock_*":                "find_lock_entry",
	"blk_mq_freeze_queue*":       "blk_mq_freeze_queue_wait",
	"blk_freeze_queue*":          "blk_freeze_queue_start",
	"put_partials*":              "__put_partials",
	"unfreeze_partials*":         "__unfreeze_partials",
	"qlist_*":                    "qlist_free_all",
	"qlink_*":                    "qlink_to_object",
	"page_ext_*":                 "page_ext_put",
	"smp_apic_timer_interrupt*":  "smp_apic_timer_interrupt_entry_after_kaiser_bti",
	"vfree*":                     "vfree_atomic",
	"vunmap*":                    "__vunmap",
	"kvfree*":                    "kvfree_sensitive",
	"debug_object_*":             "debug_object_activate",
	"debug_objects_*":            "debug_objects_fill_pool",
	"print_other_cpu_stall*":     "print_other_cpu_stall",
	"rcu_stall_*":                "rcu_stall_kick_kthreads",
	"wait_event*":                "wait_event_timeout",
	"ldsem_*":                    "ldsem_down_write",
	"rwlock_bug*":                "rwlock_bug",
	"debug_spin_lock_*":          "debug_spin_lock_before",
	"local_bh_*":                 "__local_bh_enable_ip",
	"kthread_stop*":              "kthread_stop_put",
	"kthread_flush_work*":        "kthread_flush_worker",
	"usb_control_msg*":           "usb_control_msg_recv",
	"print_trailer*":             "print_trailer",
	"check_new_page*":            "check_new_page_bad",
	"free_page_is_bad*":          "free_page_is_bad_report",
	"free_pages_check*":          "free_pages_check_bad",
	"preempt_count_*":            "preempt_count_sub",
	"usercopy_*":                 "usercopy_abort",
	"sanitizer_cov_*":            "__sanitizer_cov_trace_pc",
	"tsan_*":                     "__tsan_read4",
	"kcsan_*":                    "kcsan_setup_watchpoint",
	"unwind_*":                   "unwind_next_frame",
	"arch_stack_walk*":           "arch_stack_walk",
	"stack_trace_*":              "stack_trace_save",
	"stack_depot_*":              "stack_depot_save",
	"save_stack*":                "save_stack_trace",
	"get_stack_info*":            "get_stack_info_noinstr",
	"rcu_lockdep_*":              "rcu_lockdep_current_cpu_online",
	"rcu_read_lock_held*":        "rcu_read_lock_held_common",
	"lock_is_held*":              "lock_is_held_type",
	"memchr*":                    "memchr_inv",
	"kstrdup*":                   "kstrdup_const",
	"kmemdup*":                   "kmemdup_nul",
	"memdup_*":                   "memdup_user_nul",
	"rb_insert_*":                "rb_insert_color",
	"rb_erase*":                  "rb_erase_cached",
	"rb_first*":                  "rb_first_postorder",
	"rb_next*":                   "rb_next",
	"instrument_*":               "instrument_atomic_read",
	"get_free_pages*":            "__get_free_pages",
	"get_zeroed_page*":           "get_zeroed_page",
	"free_pages*":                "free_pages",
	"free_unref_*":               "free_unref_page",
	"free_frozen_pages*":         "free_frozen_pages",
	"alloc_slab_page*":           "alloc_slab_page",
	"slab_post_alloc_hook*":      "slab_post_alloc_hook",
	"krealloc*":                  "krealloc_noprof",
	"kcalloc*":                   "kcalloc",
	"vmalloc*":                   "__vmalloc_node_range_noprof",
	"asm_call_*":                 "asm_call_irq_on_stack",
	"run_on_irqstack*":           "run_on_irqstack_cond",
	"schedule_*":                 "schedule_preempt_disabled",
	"io_schedule*":               "io_schedule_timeout",
	"preempt_schedule*":          "preempt_schedule_irq",
	"cond_resched*":              "__cond_resched",
	"msleep*":                    "msleep_interruptible",
	"usleep_range*":              "usleep_range_state",
	"mutex_lock*":                "__mutex_lock.constprop.0",
	"mutex_unlock*":              "__mutex_unlock_slowpath",
	"ww_mutex_lock*":             "__ww_mutex_lock_interruptible_slowpath",
	"rt_mutex_*":                 "rt_mutex_slowlock_block.constprop.0",
	"rtmutex_*":                  "rtmutex_spin_on_owner",
	"rtlock_*":                   "rtlock_slowlock_locked",
	"rt_spin_lock*":              "rt_spin_lock",
	"rt_read_lock*":              "rt_read_lock",
	"rt_write_lock*":             "rt_write_lock",
	"rwbase_*":                   "rwbase_write_lock",
	"down_interruptible*":        "__down_interruptible",
	"down_killable*":             "down_killable",
	"down_timeout*":              "__down_timeout",
	"down_read*":                 "__down_read_common",
	"down_write*":                "down_write_killable",
	"rwsem_*":                    "rwsem_down_write_slowpath",
	"call_rwsem_down_*":          "call_rwsem_down_read_failed",
	"percpu_down_*":              "__percpu_down_read",
	"percpu_rwsem_wait*":         "percpu_rwsem_wait",
	"delay_*":                    "delay_tsc",
	"run_timer_*":                "run_timer_softirq",
	"sb_start_*":                 "__sb_start_write",
	"spin_lock*":                 "_spin_lock_irqsave",
	"spin_unlock*":               "_spin_unlock_irqrestore",
	"raw_spin_*":                 "_raw_spin_lock_irqsave",
	"raw_read_*":                 "_raw_read_lock",
	"raw_write_*":                "_raw_write_lock_bh",
	"do_raw_*":                   "do_raw_spin_lock",
	"ticket_spin_lock*":          "__ticket_spin_lock",
	"queued_spin_lock*":          "queued_spin_lock_slowpath",
	"queued_read_lock*":          "queued_read_lock_slowpath",
	"queued_write_lock*":         "queued_write_lock_slowpath",
	"native_queued_spin_lock*":   "native_queued_spin_lock_slowpath.part.0",
	"pv_queued_spin_lock*":       "__pv_queued_spin_lock_slowpath",
	"wait_for_completion*":       "wait_for_completion_killable",
	"wait_for_common*":           "__wait_for_common",
	"wait_on_bit*":               "__wait_on_bit_lock",
	"out_of_line_wait_on_*":      "out_of_line_wait_on_bit",
	"bit_wait*":                  "bit_wait_io",
	"prepare_to_wait*":           "prepare_to_wait_event",
	"sleep_on_page*":             "sleep_on_page_killable",
	"sync_page*":                 "sync_page",
	"wait_on_page_*":             "wait_on_page_bit_common",
	"filemap_fdatawait*":         "__filemap_fdatawait_range",
	"filemap_write_and_wait*":    "filemap_write_and_wait_range",
	"lock_page*":                 "__lock_page_killable",
	"folio_wait_*":               "folio_wait_bit_common",
	"folio_lock*":                "__folio_lock",
	"sleep_on*":                  "sleep_on_timeout",
	"interruptible_sleep_on*":    "interruptible_sleep_on",
	"wait_rcu_gp*":               "__wait_rcu_gp",
	"synchronize_*":              "synchronize_rcu_expedited",
	"rcu_barrier*":               "rcu_barrier",
	"closure_sync*":              "__closure_sync",
	"cv_wait*":                   "cv_wait_common",
	"cv_timedwait*":              "__cv_timedwait_sig",
	"dma_fence_wait*":            "dma_fence_wait_timeout",
	"dma_resv_wait*":             "dma_resv_wait_timeout",
	"flush_work*":                "__flush_workqueue",
	"rpc_wait_bit_*":             "rpc_wait_bit_killable",
	"nfs4_delay*":                "nfs4_delay_killable",
	"rpc_sleep_on*":              "rpc_sleep_on_priority",
	"nfs4_call_sync*":            "_nfs4_call_sync_session",
	"do_syscall_*":               "do_syscall_64",
	"entry_*":                    "entry_SYSCALL_64_after_hwframe",
	"x64_sys_*":                  "__x64_sys_umount",
	"ia32_*":                     "__ia32_sys_umount",
	"arm64_sys_*":                "__arm64_sys_umount",
	"arm64_compat_sys_*":         "__arm64_compat_sys_openat",
	"s390*_sys_*":                "__s390x_sys_umount",
	"s390x_*":                    "__s390x_compat",
	"riscv_sys_*":                "__riscv_sys_umount",
	"se_sys_*":                   "__se_sys_umount",
	"do_sys_*":                   "__do_sys_umount",
	"se_compat_sys_*":            "__se_compat_sys_openat",
	"ksys_*":                     "ksys_umount",
	"sys_*":                      "sys_umount",
	"SyS_*":                      "SyS_umount",
	"SYSC_*":                     "SYSC_mount",
	"system_call*":               "system_call_fastpath",
	"sysenter_*":                 "sysenter_past_esp",
	"syscall_*":                  "syscall_exit_to_user_mode",
	"do_el0_*":                   "do_el0_svc",
	"el0_*":                      "el0_svc_common.constprop.0",
	"el0t_*":                     "el0t_64_sync_handler",
	"el1_*":                      "el1_abort",
	"el1h_*":                     "el1h_64_sync",
	"ret_from_*":                 "ret_from_fork_asm",
	"handle_sys*":                "handle_sys64",
	"do_trap_ecall_*":            "do_trap_ecall_u",
	"exit_to_user_mode_*":        "exit_to_user_mode_loop",
	"irqentry_exit*":             "irqentry_exit_to_user_mode",
	"retint_*":                   "retint_user",
	"tracesys*":                  "tracesys",
	"stub_*":                     "stub_clone",
	"get_signal*":                "get_signal_to_deliver",
	"do_signal*":                 "do_signal",
	"arch_do_signal*":            "arch_do_signal_or_restart",
	"kernel_thread*":             "kernel_thread_helper",
	"secondary_startup_*":        "secondary_startup_64_no_verify",
	"x86_64_start_*":             "x86_64_start_kernel",
	"0x*":                        "0xffffffffc0a81234",
	"svc_process*":               "svc_process_common",
	"exc_*":                      "exc_invalid_op",
	"asm_exc_*":                  "asm_exc_page_fault",
	"dabt_*":                     "__dabt_usr",
	"dump_stack*":                "dump_stack_lvl",
	"show_stack*":                "show_stack_log_lvl",
	"show_trace*":                "show_trace_log_lvl",
	"show_regs*":                 "show_regs_print_info",
	"dump_backtrace*":            "dump_backtrace.part.0",
	"unwind_backtrace*":          "unwind_backtrace",
	"warn_slowpath*":             "warn_slowpath_fmt",
	"report_bug*":                "report_bug",
	"bug_handler*":               "bug_handler.part.0",
	"fixup_bug*":                 "fixup_bug",
	"oops_*":                     "oops_end",
	"bad_area*":                  "__bad_area_nosemaphore",
	"kernelmode_fixup_or_oops*":  "kernelmode_fixup_or_oops.constprop.0",
	"kasan_*":                    "kasan_report",
	"asan_*":                     "__asan_load8",
	"check_memory_region*":       "check_memory_region_inline",
	"print_address_description*": "print_address_description.constprop.0",
	"kfence_*":                   "kfence_report_error",
	"kmsan_*":                    "kmsan_report",
	"msan_*":                     "__msan_warning",
	"ubsan_*":                    "__ubsan_handle_shift_out_of_bounds",
	"might_sleep*":               "__might_sleep",
	"print_*_bug*":               "print_unlock_imbalance_bug.part.0",
	"print_irq_*":                "print_irq_inversion",
	"print_bad_*":                "print_bad_irq_dependency",
	"print_lock_*":               "print_lock_trace",
	"check_prev*":                "check_prev_add",
	"check_usage*":               "check_usage_backwards",
	"validate_chain*":            "validate_chain",
	"mark_lock*":                 "mark_lock_irq",
	"lock_release*":              "lock_release",
	"lock_acquire*":              "__lock_acquire",
	"lockdep_*":                  "lockdep_rcu_suspicious",
	"trace_hardirqs_*":           "trace_hardirqs_on_caller",
	"debug_check_no_locks_*":     "debug_check_no_locks_held",
	"should_fail*":               "should_fail_ex",
	"watchdog_hardlockup_*":      "watchdog_hardlockup_check",
	"nmi_cpu_backtrace*":         "nmi_cpu_backtrace_handler",
	"nmi_trigger_*":              "nmi_trigger_cpumask_backtrace",
	"trigger_*_backtrace*":       "trigger_all_cpu_backtrace",
	"arch_trigger_*":             "arch_trigger_cpumask_backtrace",
	"rcu_dump_cpu_stacks*":       "rcu_dump_cpu_stacks",
	"rcu_check_*":                "rcu_check_callbacks",
	"print_cpu_stall*":           "print_cpu_stall",
	"check_cpu_stall*":           "check_cpu_stall",
	"list_add*":                  "__list_add_valid_or_report",
	"list_del*":                  "__list_del_entry_valid",
	"refcount_*":                 "refcount_dec_and_lock",
	"kref_*":                     "kref_put",
	"memcpy*":                    "memcpy_erms",
	"memset*":                    "memset_orig",
	"memmove*":                   "memmove",
	"strncpy*":                   "__strncpy_from_user",
	"strscpy*":                   "strscpy_pad",
	"copy_user_*":                "copy_user_generic_string",
	"copy_to_user*":              "_copy_to_user",
	"copy_from_user*":            "_copy_from_user",
	"put_user_*":                 "__put_user_4",
	"get_user_*":                 "__get_user_8",
	"kfree*":                     "kfree_skbmem",
	"kmem_cache_free*":           "kmem_cache_free",
	"slab_free*":                 "__slab_free",
	"slab_pre_alloc_hook*":       "slab_pre_alloc_hook.constprop.0",
	"slab_alloc*":                "___slab_alloc",
	"kmem_cache_alloc*":          "kmem_cache_alloc_lru_noprof",
	"kmalloc*":                   "__kmalloc_cache_noprof",
	"kzalloc*":                   "kzalloc",
	"do_kmalloc*":                "__do_kmalloc_node",
	"kvmalloc*":                  "__kvmalloc_node_noprof",
	"alloc_pages*":               "__alloc_pages_noprof",
	"alloc_frozen_pages*":        "__alloc_frozen_pages_noprof",
	"prepare_alloc_pages*":       "prepare_alloc_pages.constprop.0",
	"folio_alloc*":               "__folio_alloc_noprof",
	"asm_sysvec_*":               "asm_sysvec_apic_timer_interrupt",
	"sysvec_*":                   "sysvec_apic_timer_interrupt",
	"hrtimer_interrupt*":         "hrtimer_interrupt",
	"tick_*":                     "tick_nohz_handler",
	"nmi*":                       "nmi_handle",
	"irq_exit*":                  "irq_exit_rcu",
	"do_softirq*":                "__do_softirq",
	"default_idle*":              "default_idle_call",
	"cpuidle_*":                  "cpuidle_enter_state",
	"mwait_idle*":                "mwait_idle_with_hints",
	"smp_call_function*":         "smp_call_function_many_cond",
	"on_each_cpu*":               "on_each_cpu_cond_mask",
	"csd_lock_wait*":             "__csd_lock_wait",
}

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
			assert.NotEqual(t, byte('*'), row.pattern[0], "rows are looked up by their first letter")
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
