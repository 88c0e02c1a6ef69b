package controls

import (
	"loopfault/results/verdict"
	"loopfault/results/waitfor"
)

// ceph are bugs planted in Ceph's client. Their guests have another root image and kernels of
// another flavour: `make test-ceph` runs them, and test-controls does not.
func ceph() []Control {
	return []Control{{
		Kernel: "control-ceph-truncate-unqueued", Scenario: "ceph-stale-truncate:self",
		Also:      []string{"ceph-stale-truncate"},
		Mechanism: "waits for itself",
		Explains:  "A truncation leaves dirty pages beyond the end of a file, the flusher throws them away, and with the last of them evicts the inode that it is itself writing back.",
		Classes:   []waitfor.Class{waitfor.Cycle},
		SeenBy:    []string{verdict.TaskWatch, verdict.Khungtaskd},
		Titles:    []string{"inode_wait_for_writeback"},
		Blames:    []string{"inode_wait_for_writeback"},
	}, {
		Kernel: "control-ceph-iput-before-read", Scenario: "ceph-readahead-close",
		Also:      []string{"ceph-mixed"},
		Mechanism: "waits for itself",
		Explains:  "The messenger drops the last reference to an inode before it has finished the read that it handles, and the eviction waits for that very read.",
		Classes:   []waitfor.Class{waitfor.Cycle},
		SeenBy:    []string{verdict.TaskWatch, verdict.Khungtaskd},
		Titles:    []string{"ceph_evict_inode", "ceph_fsync"},
		Blames:    []string{"ceph_evict_inode"},
	}}
}
