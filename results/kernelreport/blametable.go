package kernelreport

import "slices"

// frameClass says what kind of function tells nothing about which bug a report shows.
type frameClass uint16

const (
	classSched     frameClass = 1 << iota // giving up the CPU
	classLock                             // the generic locks
	classWait                             // generic waiting: completions, wait queues, page bits, grace periods
	classWork                             // workqueue machinery around the work itself
	classRPC                              // sunrpc's run loop: every RPC passes through it
	classEntry                            // how kernel code is entered and left: system calls, thread starts, signals, service loops
	classReport                           // the code that prints the report
	classFault                            // fault handlers: after a crash they only lead to the report, but a task may hang in one
	classPrimitive                        // string, list, reference count and user copy helpers
	classAlloc                            // memory allocators, where an injected failure is announced and a held lock is freed
	classInterrupt                        // interrupt and timer entry, idle loop, calls to other CPUs
	classPrint                            // printing, and the consoles
	classDetector                         // reports on whatever runs on the CPU, from an interrupt on top of it; also classReport
)

// blameRow is one rule of the table. Pattern is a function name without leading underscores and without the compiler's
// suffix; a * at its end stands for anything.
type blameRow struct {
	class   frameClass
	pattern string
	why     string
}

// blameTable lists the functions that tell nothing, in the order in which they are tried; the first match counts. Its parts
// are in the files blame*.go. A function that is not listed tells something: VFS, file-system, NFS, pNFS, nfsd, Ceph and
// netfs functions must stay out of the table, even those named *_lock or *_wait. To add a row, write why, and add an example
// to blameexamples_test.go.
var blameTable = slices.Concat(sleepRows, entryRows, reporterRows, helperRows, libraryRows, printRows)

// sleepRows are how a task sleeps: the scheduler, locks, waits, work queues, the RPC run loop.
var sleepRows = []blameRow{
	// Giving up the CPU. /proc/<pid>/stack leaves these and the locks below out, because they live in the kernel's
	// scheduler section; skipping them makes both kinds of stack agree.
	{classSched, "schedule", "the scheduler itself"},
	{classReport, "schedule_bug", "scheduling while atomic, the check"},
	{classSched, "schedule_*", "sleeping with a time limit or without preemption"},
	{classSched, "io_schedule*", "sleeping for I/O"},
	{classSched, "preempt_schedule*", "preempted"},
	{classSched, "switch_to", "context switch; where arm64 stacks begin"},
	{classSched, "switch", "context switch on powerpc"},
	{classSched, "context_switch", "context switch, if not inlined"},
	{classSched, "thread_return", "where a task goes on in the scheduler of 2.6.18"},
	{classSched, "finish_task_switch", "context switch, if not inlined"},
	{classSched, "cond_resched*", "offering the CPU"},
	{classSched, "yield", "offering the CPU"},
	{classSched, "should_resched", "asks whether to offer the CPU"},
	{classSched, "need_resched", "asks whether to offer the CPU"},
	{classSched, "sched_text_start", "the name that the linker gives to where the scheduler's code begins; the entry is schedule()"},
	{classSched, "msleep*", "a plain delay; the caller tells why"},
	{classSched, "usleep_range*", "a plain delay"},
	{classSched, "do_nanosleep", "a plain delay"},

	{classLock, "mutex_lock*", "generic mutex, all variants"},
	{classLock, "mutex_spin_on_owner", "generic mutex, spinning"},
	{classLock, "mutex_optimistic_spin", "generic mutex, spinning"},
	{classLock, "ww_mutex_lock*", "generic mutex with deadlock avoidance"},
	{classLock, "rt_mutex_*", "mutex of a PREEMPT_RT kernel"},
	{classLock, "rtmutex_*", "mutex of a PREEMPT_RT kernel"},
	{classLock, "rtlock_*", "spin lock that sleeps, PREEMPT_RT"},
	{classLock, "rt_spin_lock*", "spin lock that sleeps, PREEMPT_RT"},
	{classLock, "rt_read_lock*", "reader lock, PREEMPT_RT"},
	{classLock, "rt_write_lock*", "writer lock, PREEMPT_RT"},
	{classLock, "rwbase_*", "reader-writer lock, PREEMPT_RT"},
	{classLock, "down", "generic semaphore"},
	{classLock, "down_common", "generic semaphore, if not inlined"},
	{classLock, "down_interruptible*", "generic semaphore"},
	{classLock, "down_killable*", "generic semaphore"},
	{classLock, "down_timeout*", "generic semaphore"},
	{classLock, "down_read*", "generic rw-semaphore"},
	{classLock, "down_write*", "generic rw-semaphore"},
	{classLock, "rwsem_*", "generic rw-semaphore"},
	{classLock, "call_rwsem_down_*", "generic rw-semaphore, assembler stub before 5.2"},
	{classLock, "percpu_down_*", "per-CPU rw-semaphore"},
	{classLock, "percpu_rwsem_wait*", "per-CPU rw-semaphore"},
	{classLock, "sb_start_*", "freeze protection; inlined since 5.10, mnt_want_write and others above it tell more"},
	{classLock, "mutex_unlock*", "generic mutex"},
	{classLock, "up", "generic semaphore"},
	{classLock, "up_read", "generic rw-semaphore"},
	{classLock, "up_write", "generic rw-semaphore"},
	{classLock, "ldsem_*", "the lock of terminal line disciplines; who takes it tells"},
	{classLock, "spin_lock*", "generic spin lock"},
	{classLock, "spin_unlock*", "generic spin lock"},
	{classLock, "raw_spin_*", "generic spin lock"},
	{classLock, "raw_read_*", "generic reader lock"},
	{classLock, "raw_write_*", "generic writer lock"},
	{classLock, "do_raw_*", "spin lock debugging"},
	{classLock, "ticket_spin_lock*", "generic spin lock before 4.2"},
	{classLock, "queued_spin_lock*", "generic spin lock, waiting"},
	{classLock, "queued_read_lock*", "generic reader lock, waiting"},
	{classLock, "queued_write_lock*", "generic writer lock, waiting"},
	{classLock, "native_queued_spin_lock*", "generic spin lock, waiting"},
	{classLock, "pv_queued_spin_lock*", "generic spin lock in a guest"},
	{classLock, "kvm_wait", "generic spin lock in a KVM guest"},
	{classLock, "osq_lock", "optimistic spinning of the sleeping locks"},
	{classReport, "spin_dump", "spin lock debugging, the printing"},
	{classReport, "spin_bug", "spin lock debugging, the printing"},
	{classReport, "rwlock_bug*", "reader-writer lock debugging, the printing"},
	{classReport, "debug_spin_lock_*", "spin lock debugging, if not inlined"},
	{classLock, "local_bh_*", "soft interrupts are held off, as the locks with _bh do"},
	{classReport, "lock_acquire*", "the lock validator's view of a lock"},
	{classLock, "mutex_*", "generic mutex, all variants"},
	{classLock, "ww_mutex_*", "generic mutex with deadlock avoidance"},
	{classLock, "down_trylock", "generic semaphore"},
	{classPrimitive, "cpus_read_lock", "holds off that processors come and go"},
	{classPrimitive, "cpus_write_lock", "processors come and go"},
	{classLock, "read_lock*", "generic reader lock, old kernels"},
	{classLock, "write_lock*", "generic writer lock, old kernels"},
	{classLock, "arch_spin_*", "generic spin lock, the processor's way"},
	{classLock, "bit_spin_*", "spin lock in a bit"},
	{classLock, "local_lock*", "lock of one processor's data"},
	{classLock, "rcu_lock_*", "the lock validator's view of RCU"},
	{classLock, "rcu_read_lock", "RCU"},
	{classLock, "rcu_read_unlock*", "RCU"},
	{classLock, "srcu_read_*", "RCU that may sleep"},
	{classLock, "do_read_seqcount_*", "sequence counters"},
	{classLock, "do_write_seqcount_*", "sequence counters"},
	{classLock, "seqprop_*", "sequence counters"},
	{classLock, "read_seq*", "sequence counters"},
	{classPrimitive, "lock_sock*", "the lock of a socket; which protocol wants it tells"},
	{classLock, "rcu_note_context_switch", "RCU, told of a context switch"},
	{classLock, "touch_wq_lockdep_map", "the lock validator's view of a work queue"},

	{classWait, "wait_for_completion*", "completion; who waits for it tells"},
	{classWait, "wait_for_common*", "completion"},
	{classWait, "do_wait_for_common", "completion, if not inlined"},
	{classWait, "wait_on_bit*", "bit wait; the caller tells whose bit"},
	{classWait, "out_of_line_wait_on_*", "bit wait"},
	{classWait, "bit_wait*", "bit wait, the sleep"},
	{classWait, "wait_for_key_construction", "a key that is being made; who needs it tells"},
	{classWait, "request_key*", "asks for a key; who needs it tells"},
	{classWait, "wait_on_atomic_t", "wait for a counter, before 4.17"},
	{classWait, "wait_woken", "generic wait loop"},
	{classWait, "wait_event*", "generic wait loop; a macro, which people name when they type a chain of calls"},
	{classWait, "prepare_to_wait*", "generic wait loop"},
	{classWait, "sleep_on_page*", "page bit, the sleep, 2.6.36 to 3.16"},
	{classWait, "sync_page*", "page bit, the sleep, 2.6.35 and before"},
	{classWait, "wait_on_page_*", "page bit; nearly every I/O path waits so"},
	{classWait, "lock_page*", "page lock"},
	{classWait, "folio_wait_*", "folio bit"},
	{classWait, "filemap_fdatawait*", "waits until a file's pages are written; who wants that tells"},
	{classWait, "filemap_write_and_wait*", "the same, having begun to write them"},
	{classWait, "file_fdatawait_range", "the same, for an open file"},
	{classWait, "file_write_and_wait_range", "the same, for fsync"},
	{classWait, "write_cache_pages", "walks the dirty pages of any file system; it and the next stand alone or together, by kernel and compiler"},
	{classWait, "writeback_iter", "the step of that walk; the file system around it tells"},
	{classWait, "folio_lock*", "folio lock"},
	{classWait, "filemap_get_folio*", "finds a page of a file and waits for its lock; who wants the page tells"},
	{classWait, "pagecache_get_page", "the same, before 6.5"},
	{classWait, "find_lock_*", "the same, older still"},
	{classWait, "blk_mq_freeze_queue*", "waits until a disk's queue is empty; who freezes it tells"},
	{classWait, "blk_freeze_queue*", "the same, by its older name"},
	{classWait, "sync_buffer", "buffer bit, the sleep"},
	{classWait, "sleep_on_buffer", "buffer bit, the sleep"},
	{classWait, "wait_on_buffer", "buffer I/O; the file system above it tells"},
	{classWait, "sleep_on*", "the oldest wait loop"},
	{classWait, "interruptible_sleep_on*", "the oldest wait loop"},
	{classWait, "wait_rcu_gp*", "RCU grace period"},
	{classWait, "synchronize_*", "RCU and SRCU grace periods; who needs one tells"},
	{classWait, "rcu_barrier*", "RCU callbacks"},
	{classWait, "cv_wait*", "condition variable of Solaris code such as ZFS; who waits tells"},
	{classWait, "cv_timedwait*", "the same, with a time limit"},
	{classWait, "dma_fence_default_wait", "waits for a graphics processor; whose fence it is tells"},
	{classWait, "dma_fence_wait*", "the same, its callers"},
	{classWait, "fence_default_wait", "the same, before 4.10"},
	{classWait, "fence_wait*", "the same, before 4.10"},
	{classWait, "kcl_fence_*", "the same, in a driver built for another kernel"},
	{classWait, "reservation_object_wait*", "the same, for all fences of a buffer, before 5.4"},
	{classWait, "dma_resv_wait*", "the same, for all fences of a buffer"},
	{classWait, "closure_sync*", "bcache's and bcachefs's generic wait"},
	{classWait, "nfs_wait_bit_killable", "NFS's sleep for any bit; the caller tells which"},
	{classWait, "nfs_wait_bit_interruptible", "the same before 2.6.25's killable sleeps"},
	{classWait, "nfs4_handle_exception", "NFSv4's sleep before an operation is sent again; the operation tells which"},
	{classWait, "nfs4_delay*", "the same, if not inlined"},

	{classWork, "flush_work*", "waiting for a work item or queue; who waits tells"},
	{classWork, "flush_delayed_work", "waiting for a work item"},
	{classWork, "flush_scheduled_work", "waiting for a queue"},
	{classWork, "start_flush_work", "waiting for a work item, if not inlined"},
	{classWork, "cancel_work_sync", "waiting for a work item"},
	{classWork, "cancel_delayed_work_sync", "waiting for a work item"},
	{classWork, "cancel_work_timer", "waiting for a work item, before 6.10"},
	{classWait, "kthread_stop*", "waits until a kernel thread ends; who stops it tells"},
	{classWait, "kthread_flush_work*", "waits for the work of a kernel thread"},
	{classWait, "usb_start_wait_urb", "the sleep of every synchronous USB transfer"},
	{classWait, "usb_internal_control_msg", "a synchronous USB transfer, if not inlined"},
	{classWait, "usb_control_msg*", "a synchronous USB transfer; the driver that wants it tells"},
	{classWait, "usb_bulk_msg", "a synchronous USB transfer"},
	{classWork, "drain_workqueue", "waiting for a queue"},
	{classWork, "destroy_workqueue", "waiting for a queue"},
	// Running work is an entry to kernel code like a system call.
	{classEntry, "process_one_work", "running a work item"},
	{classEntry, "process_scheduled_works", "running work items"},
	{classEntry, "worker_thread", "the worker's loop"},
	{classEntry, "rescuer_thread", "the rescuer's loop"},
	{classEntry, "run_workqueue", "running work items, before 2.6.36"},
	{classEntry, "kthread_worker_fn", "running work items of a kthread worker"},

	// Every RPC passes through these; what tells is who sent it (nfs4_proc_layoutreturn, nfs4_do_close, …).
	{classRPC, "rpc_wait_bit_*", "the sleep of every RPC"},
	{classRPC, "xprt_wait_bit", "waits for a transport's lock bit, 2.6"},
	{classRPC, "rpc_execute", "the run loop (both rpc_execute and __rpc_execute)"},
	{classRPC, "rpc_run_task", "starts an RPC"},
	{classRPC, "rpc_call_sync", "starts an RPC and waits"},
	{classRPC, "rpc_call_async", "starts an RPC"},
	{classRPC, "rpc_wait_for_completion_task", "waits for an asynchronous RPC"},
	{classRPC, "rpc_async_schedule", "rpciod's work item"},
	{classRPC, "rpc_sleep_on*", "puts an RPC on a wait queue"},
	{classRPC, "nfs4_call_sync*", "NFSv4's wrapper around a synchronous RPC"},
	{classRPC, "nfs4_do_call_sync", "NFSv4's wrapper, since 5.9"},
	{classRPC, "nfs3_rpc_wrapper", "NFSv3's retry loop around a synchronous RPC"},
}
