// Package scenario is what a trial is told to do, as pure data read from
// YAML: the guest, its export and mount, pressure, faults, workloads, and how
// it ends.
//
// Reading is strict: an unknown field, or a value out of range, is an error
// with its line. The package touches no machine.
package scenario

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v4"

	"loopfault/faults"
	"loopfault/harness/timeouts"
	"loopfault/results/observe"
	"loopfault/results/paths"
	"loopfault/workloads/wire"
)

// The field comments, here and in the types of the fields, are what docs/reference/scenario.md says: make docs.

// Scenario is all that a trial does: on which machine, with which mount, what goes wrong, which load runs, and how it ends.
type Scenario struct {
	Name      string   `json:"name" yaml:"name"`                 // lower-case words with hyphens; names runs and results. In the catalogue it is also the file's name
	Title     string   `json:"title" yaml:"title"`               // what goes wrong, in one line
	Mechanism string   `json:"mechanism" yaml:"mechanism"`       // the bug's mechanism and the kernel functions involved
	Groups    []string `json:"groups" yaml:"groups"`             // quick, auto, soak, dangerous, control, ceph, localio, krb5, swap
	Applies   Applies  `json:"applies" yaml:"applies"`           // on which other NFS versions, file systems and layouts it can run
	Control   string   `json:"control,omitempty" yaml:"control"` // a kernel of the catalogue with a planted bug, on which the scenario has to hang
	// ControlStalls says that a stall of the control is enough, not only a hang: a load that
	// livelocks may come to its end when it is stopped.
	ControlStalls bool            `json:"control_stalls,omitempty" yaml:"control_stalls"`
	Guest         Guest           `json:"guest" yaml:"guest"`                 // the machine
	Export        wire.Export     `json:"export" yaml:"export"`               // what the guest's NFS server exports
	Mount         wire.Mount      `json:"mount" yaml:"mount"`                 // how the guest mounts that export
	Ceph          *wire.Ceph      `json:"ceph,omitempty" yaml:"ceph"`         // in place of export and mount: a Ceph cluster, and two clients
	Target        paths.Target    `json:"target" yaml:"target"`               // the kernel function whose calls are counted, and the way to it; a trial in which it is not called so is inconclusive
	Pressure      []Fault         `json:"pressure,omitempty" yaml:"pressure"` // faults that are armed before the workloads start
	Faults        []Fault         `json:"faults,omitempty" yaml:"faults"`     // faults that are armed after the workloads have started; a trial in which none of them landed is inconclusive
	Workloads     []wire.Workload `json:"workloads" yaml:"workloads"`         // what runs, all at once
	Run           wire.Duration   `json:"run" yaml:"run"`                     // how long the workloads run, in guest time
	Finish        Finish          `json:"finish" yaml:"finish"`               // how a trial ends
	// Events are tracepoints to record, as in nfs4/nfs4_open_expired. The evidence of every trial
	// has the newest of them, as many as the trace buffer holds.
	Events []string `json:"events,omitempty" yaml:"events"`
	// Limits are how many operations a second the mount may send on average, by the operation's
	// name in mountstats. If it sends more, it is in a loop, and the trial counts as a hang.
	Limits map[string]float64 `json:"limits,omitempty" yaml:"limits"`
	// Reference is what the rate of buffered writers is compared with, beside their own best
	// rate. The one value is "export": writes to the exported file system itself, measured before
	// the load. So a write path that is slow from its first second on is seen as a stall.
	Reference string `json:"reference,omitempty" yaml:"reference"`
	// Observe says which steps of the mechanism are counted in every trial; each step is a claim
	// in the report.
	Observe *observe.Plan `json:"observe,omitempty" yaml:"observe"`
	// Variants are what NAME:VARIANT changes, by the variant's name: fields of the scenario with other values.
	Variants map[string]yaml.Node `json:"-" yaml:"variants"`
	Choices  Choices              `json:"variant,omitempty" yaml:"-"` // what was chosen of them, and of Applies; see Ref
}

// Dangerous is the group of scenarios that hang stock kernels, as a rule: they run only where they or the group are named.
const Dangerous = "dangerous"

// Groups are all groups that a scenario may be in.
func Groups() []string {
	return []string{"quick", "auto", "soak", Dangerous, "control", "ceph", "localio", "krb5", "swap"}
}

// Applies says on which NFS versions, exported file systems and layouts a scenario makes
// sense, and whether it does with I/O without RPC or with Kerberos. An empty list means that it makes sense only
// with the scenario's own value.
type Applies struct {
	Vers    []string `json:"vers,omitempty" yaml:"vers"`       // NFS versions, as in mount.vers
	FS      []string `json:"fs,omitempty" yaml:"fs"`           // exported file systems, as in export.fs
	Layout  []string `json:"layout,omitempty" yaml:"layout"`   // layouts, as in mount.layout
	LocalIO []string `json:"localio,omitempty" yaml:"localio"` // I/O without RPC, as in mount.localio
	Sec     []string `json:"sec,omitempty" yaml:"sec"`         // how RPCs say who sends them, as in mount.sec
	Why     string   `json:"why,omitempty" yaml:"why"`         // why not on others; one line
}

// Guest is the machine a trial runs on.
type Guest struct {
	Memory wire.Size `json:"memory" yaml:"memory"`       // of the whole machine
	Swap   wire.Size `json:"swap,omitempty" yaml:"swap"` // size of a disk to swap to, 0 for none
	CPUs   int       `json:"cpus" yaml:"cpus"`           // virtual processors
}

// Finish says how a trial that did not hang comes to its end: the workers are
// stopped, then the loop-back mount is taken down.
type Finish struct {
	Writers string `json:"writers" yaml:"writers"` // killed: SIGKILL with files open; stopped: they close them first
}

// Fault is one fault or pressure; exactly one field is set.
type Fault struct {
	Failslab      *faults.Failslab      `json:"failslab,omitempty" yaml:"failslab"`
	Callsite      *faults.Callsite      `json:"callsite,omitempty" yaml:"callsite"`
	Order         *faults.Order         `json:"order,omitempty" yaml:"order"`
	Explore       *faults.Explore       `json:"explore,omitempty" yaml:"explore"`
	FailPageAlloc *faults.FailPageAlloc `json:"fail_page_alloc,omitempty" yaml:"fail_page_alloc"`
	FailNth       *faults.FailNth       `json:"fail_nth,omitempty" yaml:"fail_nth"`
	FailSunrpc    *faults.FailSunrpc    `json:"fail_sunrpc,omitempty" yaml:"fail_sunrpc"`
	Memcg         *faults.Memcg         `json:"memcg,omitempty" yaml:"memcg"`
	VM            *faults.VM            `json:"vm,omitempty" yaml:"vm"`
	Freeze        *faults.Freeze        `json:"freeze,omitempty" yaml:"freeze"`
	Restart       *faults.Restart       `json:"restart,omitempty" yaml:"restart"`
	Failover      *faults.Failover      `json:"failover,omitempty" yaml:"failover"`
	Silence       *faults.Silence       `json:"silence,omitempty" yaml:"silence"`
	Freezer       *faults.Freezer       `json:"freezer,omitempty" yaml:"freezer"`
	Upcall        *faults.Upcall        `json:"upcall,omitempty" yaml:"upcall"`
	SessionEvict  *faults.SessionEvict  `json:"session_evict,omitempty" yaml:"session_evict"`
	StoreStop     *faults.StoreStop     `json:"store_stop,omitempty" yaml:"store_stop"`

	LinkCut         *faults.LinkCut         `json:"link_cut,omitempty" yaml:"link_cut"`
	MDSRestart      *faults.MDSRestart      `json:"mds_restart,omitempty" yaml:"mds_restart"`
	MonRestart      *faults.MonRestart      `json:"mon_restart,omitempty" yaml:"mon_restart"`
	ClientBlocklist *faults.ClientBlocklist `json:"client_blocklist,omitempty" yaml:"client_blocklist"`
}

// Fault is the fault itself, nil when no field is set.
func (f Fault) Fault() faults.Fault {
	switch {
	case f.Failslab != nil:
		return *f.Failslab
	case f.Callsite != nil:
		return f.Callsite.Fault()
	case f.Order != nil:
		return f.Order.Fault()
	case f.Explore != nil:
		return f.Explore.Fault()
	case f.FailPageAlloc != nil:
		return *f.FailPageAlloc
	case f.FailNth != nil:
		return *f.FailNth
	case f.FailSunrpc != nil:
		return *f.FailSunrpc
	case f.Memcg != nil:
		return *f.Memcg
	case f.VM != nil:
		vm := *f.VM // it learns of its guest
		return &vm
	case f.Freeze != nil:
		return f.Freeze.Outage()
	case f.Restart != nil:
		return f.Restart.Outage()
	case f.Failover != nil:
		return f.Failover.Outage()
	case f.Silence != nil:
		return f.Silence.Outage()
	case f.Freezer != nil:
		return f.Freezer.Outage()
	case f.Upcall != nil:
		return f.Upcall.Outage()
	case f.SessionEvict != nil:
		return f.SessionEvict.Outage()
	case f.StoreStop != nil:
		return f.StoreStop.Outage()
	case f.LinkCut != nil:
		return f.LinkCut.Outage()
	case f.MDSRestart != nil:
		return f.MDSRestart.Outage()
	case f.MonRestart != nil:
		return f.MonRestart.Outage()
	case f.ClientBlocklist != nil:
		return f.ClientBlocklist.Outage()
	}
	return nil
}

// StopsProcessors reports whether the fault uses a debugger, from outside the guest.
func (f Fault) StopsProcessors() bool { return f.Callsite != nil || f.Order != nil || f.Explore != nil }

// Allowance is how long everything may stop without that being a hang, by rules of NFS and by the
// scenario's own faults; and how long an outage of its own may last until all go on.
func (s Scenario) Allowance() (longest, outage time.Duration) {
	if s.Mount.Layout == wire.LayoutFlexfiles && !s.Export.NoDelegations() {
		// The data path is NFSv3, whose writes conflict with the client's own
		// delegations: each is delayed and retried 5 s later, several times on a busy
		// server.
		longest = timeouts.NFSRetry
	}
	for _, f := range s.Faults {
		var may time.Duration
		if o, ok := f.Fault().(faults.Outage); ok {
			may = o.For.D() + o.After.D()
			if o.Reclaim && s.Mount.Vers != "3" {
				may += s.Export.Lease.D() + s.Export.Grace.D() + timeouts.NFSRetry
			}
			outage = max(outage, may)
		}
		if f.FailSunrpc != nil { // the server delays a request that is repeated too soon
			may = timeouts.NFSRetry
		}
		longest = max(longest, may)
	}
	return longest, outage
}

// defaults are the values of fields that a scenario omits.
func defaults() Scenario {
	return Scenario{
		Guest:  Guest{Memory: 512 << 20, CPUs: 2},
		Export: wire.Export{FS: "xfs", Size: 1 << 30, Threads: 8, Tracking: wire.TrackingDaemon},
		Mount:  wire.Mount{Vers: "4.2", Layout: wire.LayoutNone, LocalIO: wire.LocalIOOff, Sec: wire.SecSys},
		Finish: Finish{Writers: "killed"},
	}
}

// KernelOptions lists the kernel options without which the scenario cannot run, to be named
// when a kernel that was given by path lacks some. Those of minor versions of NFS do not
// exist in every kernel; callers that check a kernel have to handle that.
func (s Scenario) KernelOptions() []string {
	opts := []string{brings[cephFlavour], "CONFIG_DEBUG_FS", "CONFIG_KALLSYMS"}
	if s.Ceph == nil {
		opts = s.nfsOptions()
	}
	if s.Swap() > 0 {
		opts = append(opts, "CONFIG_SWAP", "CONFIG_VM_EVENT_COUNTERS", "CONFIG_HIST_TRIGGERS")
	}
	if s.Target.Function != "" {
		opts = append(opts, "CONFIG_KPROBE_EVENTS")
	}
	if len(s.Target.Below)+len(s.Target.Paths) > 0 {
		opts = append(opts, "CONFIG_HIST_TRIGGERS", "CONFIG_STACKTRACE")
	}
	for _, f := range slices.Concat(s.Pressure, s.Faults) {
		opts = append(opts, f.kernelOptions()...)
	}
	return opts
}

// Swap is how much the guest can swap out, to its disk and to a file on the mount.
func (s Scenario) Swap() wire.Size { return s.Guest.Swap + s.Mount.Swap }

// nfsOptions are those that server, export and mount need.
func (s Scenario) nfsOptions() []string {
	opts := []string{"CONFIG_NFSD", "CONFIG_NFS_FS", "CONFIG_DEBUG_FS", "CONFIG_KALLSYMS"}
	opts = append(opts, versionOptions[s.Mount.Vers]...)
	opts = append(opts, versionOptions[s.Export.Reexport]...)
	opts = append(opts, layoutOptions[s.Mount.Layout]...)
	if s.Mount.LocalIO == wire.LocalIOOn {
		opts = append(opts, brings[localIOFlavour])
	}
	if s.Mount.Kerberos() {
		opts = append(opts, brings[krb5Flavour])
	}
	if s.Mount.Swap > 0 {
		opts = append(opts, brings[swapFlavour])
	}
	if s.Mount.Overlay {
		opts = append(opts, "CONFIG_OVERLAY_FS")
	}
	return append(opts, map[string]string{"xfs": "CONFIG_XFS_FS", "ext4": "CONFIG_EXT4_FS", "btrfs": "CONFIG_BTRFS_FS"}[s.Export.FS])
}

// versionOptions are the options of an NFS version.
var versionOptions = map[string][]string{
	"3":   {"CONFIG_NFS_V3"},
	"4.0": {"CONFIG_NFSD_V4", "CONFIG_NFS_V4", "CONFIG_NFS_V4_0"},
	"4.1": {"CONFIG_NFSD_V4", "CONFIG_NFS_V4", "CONFIG_NFS_V4_1"},
	"4.2": {"CONFIG_NFSD_V4", "CONFIG_NFS_V4", "CONFIG_NFS_V4_1", "CONFIG_NFS_V4_2"},
}

// layoutOptions are the options of a layout, on both sides, and of its disk.
var layoutOptions = map[string][]string{
	wire.LayoutFlexfiles: {"CONFIG_PNFS_FLEXFILE_LAYOUT", "CONFIG_NFSD_FLEXFILELAYOUT", "CONFIG_NFS_V3"},
	wire.LayoutBlock:     {"CONFIG_PNFS_BLOCK", "CONFIG_NFSD_BLOCKLAYOUT"},
	wire.LayoutSCSI:      {"CONFIG_PNFS_BLOCK", "CONFIG_NFSD_SCSILAYOUT", "CONFIG_BLK_DEV_SD", "CONFIG_TCM_IBLOCK", "CONFIG_LOOPBACK_TARGET"},
}

// ReferenceExport is the one value of Reference beside none.
const ReferenceExport = "export"

func (s Scenario) hasBufferedWriter() bool {
	return slices.ContainsFunc(s.Workloads, func(w wire.Workload) bool {
		return w.Writer != nil && (w.Writer.Mode == "" || w.Writer.Mode == wire.WriteBuffered)
	})
}

// ofBlocks reports whether the layout addresses blocks of a disk.
func (s Scenario) ofBlocks() bool {
	return s.Mount.Layout == wire.LayoutSCSI || s.Mount.Layout == wire.LayoutBlock
}

// WithLayout is the scenario with another layout, for queries only: it is not checked for
// validity.
func (s Scenario) WithLayout(layout string) Scenario {
	s.Mount.Layout = layout
	return s
}

// KernelArgs are the words for the guest's kernel command line that the scenario needs.
func (s Scenario) KernelArgs() []string {
	if s.Mount.Layout == wire.LayoutFlexfiles { // else the client would prefer the layout offered for the disk
		return []string{"initcall_blacklist=nfs4blocklayout_init"}
	}
	return nil
}

func (f Fault) kernelOptions() []string {
	inject := []string{"CONFIG_FAULT_INJECTION_DEBUG_FS"}
	aimed := append(inject, "CONFIG_FAULT_INJECTION_STACKTRACE_FILTER")
	switch {
	case f.Failslab != nil:
		return append(aimed, "CONFIG_FAILSLAB")
	case f.FailPageAlloc != nil:
		return append(aimed, "CONFIG_FAIL_PAGE_ALLOC")
	case f.FailNth != nil:
		return append(aimed, "CONFIG_FAILSLAB", "CONFIG_FAIL_PAGE_ALLOC")
	case f.FailSunrpc != nil:
		return append(inject, "CONFIG_FAIL_SUNRPC")
	case f.Memcg != nil:
		return []string{"CONFIG_MEMCG"}
	case f.VM != nil:
		return []string{"CONFIG_HIST_TRIGGERS"}
	case f.Freezer != nil:
		return []string{"CONFIG_CGROUP_FREEZER"}
	case f.LinkCut != nil:
		return []string{"CONFIG_NET_NS", "CONFIG_VETH"}
	}
	return nil
}
