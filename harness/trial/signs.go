package trial

import (
	"context"
	"path"
	"strings"
	"time"

	"loopfault/harness/control"
	"loopfault/workloads/wire"
)

// signs are the files by which a running kernel shows an option's feature. They work
// even if the option was renamed, or removed because the feature is always on.
var signs = map[string]string{
	"CONFIG_DEBUG_FS":                          filesystems + "/debugfs",
	"CONFIG_KALLSYMS":                          "/proc/kallsyms",
	"CONFIG_STACKTRACE":                        "/proc/self/stack",
	"CONFIG_SWAP":                              "/proc/swaps",
	"CONFIG_VM_EVENT_COUNTERS":                 "/proc/vmstat",
	"CONFIG_MEMCG":                             "/sys/fs/cgroup/memory.stat",
	"CONFIG_KPROBE_EVENTS":                     wire.Tracefs + "/kprobe_events",
	"CONFIG_HIST_TRIGGERS":                     wire.Tracefs + "/events/sched/sched_switch/hist",
	"CONFIG_FAILSLAB":                          wire.Debugfs + "/failslab",
	"CONFIG_FAIL_PAGE_ALLOC":                   wire.Debugfs + "/fail_page_alloc",
	"CONFIG_FAIL_SUNRPC":                       wire.Debugfs + "/fail_sunrpc",
	"CONFIG_FAULT_INJECTION_DEBUG_FS":          wire.Debugfs + "/failslab/probability",
	"CONFIG_FAULT_INJECTION_STACKTRACE_FILTER": wire.Debugfs + "/failslab/require-start",
	"CONFIG_XFS_FS":                            filesystems + "/xfs",
	"CONFIG_EXT4_FS":                           filesystems + "/ext4",
	"CONFIG_BTRFS_FS":                          filesystems + "/btrfs",
	"CONFIG_NFS_FS":                            filesystems + "/nfs",
	"CONFIG_NFS_V4":                            filesystems + "/nfs4",
	"CONFIG_NFSD":                              filesystems + "/nfsd",
}

// filesystems lists the registered file systems, one per line; signs name one of them as
// if it were a file in it.
const filesystems = "/proc/filesystems"

// shown queries a guest for the signs of options, and returns which exist.
func shown(ctx context.Context, agent *control.Client, options []string, budget time.Duration) (map[string]bool, error) {
	const script = `while read -r nodev name; do echo "` + filesystems + `/${name:-$nodev}"; done <` + filesystems +
		`; for file; do if [ -e "$file" ]; then echo "$file"; fi; done`
	argv := []string{"sh", "-c", script, "sh"}
	for _, opt := range options {
		if sign := signs[opt]; sign != "" && path.Dir(sign) != filesystems {
			argv = append(argv, sign)
		}
	}
	r, err := agent.Exec(ctx, wire.Exec{Argv: argv, Timeout: wire.Duration(budget)})
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for line := range strings.Lines(r.Output) {
		there[strings.TrimSpace(line)] = true
	}
	found := map[string]bool{}
	for _, opt := range options {
		found[opt] = signs[opt] != "" && there[signs[opt]]
	}
	return found, nil
}
