package scenario

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"loopfault/workloads/wire"
)

type finding struct{ path, message string }

// checker collects what is wrong, each with the path of its field.
type checker struct{ found []finding }

func (c *checker) want(ok bool, path, format string, args ...any) {
	if !ok {
		c.found = append(c.found, finding{path, fmt.Sprintf(format, args...)})
	}
}

func (c *checker) oneOf(value, path string, allowed ...string) {
	c.want(slices.Contains(allowed, value), path, "is %q, want one of %s", value, strings.Join(allowed, ", "))
}

func (c *checker) between(n, low, high int, path string) {
	c.want(n >= low && n <= high, path, "is %d, want %d to %d", n, low, high)
}

// seconds checks a time against what nfsd accepts: at least 10 s.
func (c *checker) seconds(d wire.Duration, most time.Duration, path string) {
	ok := d == 0 || d.D() >= 10*time.Second && d.D() <= most && d.D()%time.Second == 0
	c.want(ok, path, "is %s, want whole seconds, 10s to %s", d, most)
}

var (
	nameForm      = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	eventForm     = regexp.MustCompile(`^[a-z0-9_]+/[a-zA-Z0-9_]+$`)
	operationForm = regexp.MustCompile(`^[A-Z][A-Z_0-9]*$`)
	functionForm  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)
)

const pageSize = 4096

var (
	nfsVersions = []string{"3", "4.0", "4.1", "4.2"}
	fileSystems = []string{"xfs", "ext4", "btrfs"}
	localIO     = []string{wire.LocalIOOff, wire.LocalIOOn}
	securities  = []string{wire.SecSys, wire.SecKrb5, wire.SecKrb5i, wire.SecKrb5p}
)

func check(s Scenario) []finding {
	c := &checker{}
	c.want(nameForm.MatchString(s.Name), "name", "is %q, want lower-case words with hyphens", s.Name)
	c.want(s.Title != "" && !strings.Contains(s.Title, "\n"), "title", "want one line")
	for i, g := range s.Groups {
		c.oneOf(g, fmt.Sprintf("groups[%d]", i), Groups()...)
	}
	c.applies(s)
	c.want(s.Control == "" || nameForm.MatchString(s.Control), "control", "is %q, want the name of a kernel", s.Control)
	for name := range s.Variants {
		c.want(nameForm.MatchString(name), "variants."+name, "want lower-case words with hyphens")
	}
	c.want(s.Guest.Memory >= 128<<20 && s.Guest.Memory <= 64<<30, "guest.memory", "is %s, want 128MiB to 64GiB", s.Guest.Memory)
	c.want(s.Guest.Swap == 0 || s.Guest.Swap >= 1<<20 && s.Guest.Swap <= 64<<30, "guest.swap", "is %s, want 1MiB to 64GiB, or 0 for none", s.Guest.Swap)
	c.between(s.Guest.CPUs, 1, 64, "guest.cpus")
	if s.Ceph != nil {
		c.ceph(s)
	} else {
		c.nfs(s)
		c.cephOnly(s)
	}
	c.target(s.Target)
	c.observe(s.Observe)
	c.want(s.Run.D() >= time.Second && s.Run.D() <= 24*time.Hour, "run", "is %s, want 1s to 24h", s.Run)
	c.oneOf(s.Finish.Writers, "finish.writers", "killed", "stopped")
	for i, e := range s.Events {
		c.want(eventForm.MatchString(e), fmt.Sprintf("events[%d]", i), "is %q, want SYSTEM/EVENT as below /sys/kernel/tracing/events", e)
	}
	for op, most := range s.Limits {
		c.want(operationForm.MatchString(op), "limits."+op, "is no operation: want a name as in mountstats, such as EXCHANGE_ID")
		c.want(most > 0, "limits."+op, "is %g a second, want more than 0", most)
	}
	c.want(s.Reference == "" || s.Reference == ReferenceExport, "reference", "is %q, want %s or none", s.Reference, ReferenceExport)
	c.want(s.Reference == "" || s.hasBufferedWriter(), "reference", "compares buffered writers, and there is none among the workloads")
	c.faults(s)
	c.want(len(s.Workloads) > 0, "workloads", "want at least one")
	for i, w := range s.Workloads {
		path := workloadPath(i)
		c.workload(w, path)
		c.fits(w, s, path)
	}
	c.workers(s)
	return c.found
}

func workloadPath(i int) string { return fmt.Sprintf("workloads[%d]", i) }

// faultPath is that of a fault, counted over pressure and faults.
func faultPath(s Scenario, i int) string {
	if i < len(s.Pressure) {
		return fmt.Sprintf("pressure[%d]", i)
	}
	return fmt.Sprintf("faults[%d]", i-len(s.Pressure))
}

// nfs checks export and mount.
func (c *checker) nfs(s Scenario) {
	c.oneOf(s.Export.FS, "export.fs", fileSystems...)
	// mkfs.xfs refuses to make anything smaller.
	c.want(s.Export.Size >= 300<<20 && s.Export.Size <= 1<<40, "export.size", "is %s, want 300MiB to 1TiB", s.Export.Size)
	c.between(s.Export.Threads, 1, 1024, "export.threads")
	c.seconds(s.Export.Lease, time.Hour, "export.lease")
	c.seconds(s.Export.Grace, 4*time.Minute, "export.grace") // lockd's goes no further
	c.oneOf(s.Export.Tracking, "export.tracking", wire.TrackingDaemon, wire.TrackingKernel)
	c.oneOf(s.Mount.Vers, "mount.vers", nfsVersions...)
	c.between(s.Mount.SessionSlots, 0, 1024, "mount.session_slots")
	c.want(s.Mount.SessionSlots == 0 || s.Mount.Vers >= "4.1", "mount.session_slots", "is %d, but NFS %s has no sessions: want vers 4.1 or 4.2", s.Mount.SessionSlots, s.Mount.Vers)
	c.want(!s.Mount.DirectoryDelegations || s.Mount.Vers >= "4.1", "mount.directory_delegations", "is true, and NFS %s has none: want vers 4.1 or 4.2", s.Mount.Vers)
	c.layout(s)
	c.reexport(s)
	c.kerberos(s)
	c.idmap(s)
	if l := s.Mount.LocalIO; l != "" { // in scenarios that were stored before the field existed
		c.oneOf(l, "mount.localio", localIO...)
	}
	c.swapFile(s)
	if l := s.Mount.Locks; l != "" {
		c.oneOf(l, "mount.locks", wire.LocksLocal, wire.LocksServer)
		c.want(s.Mount.Vers == "3", "mount.locks", "is about the lock protocol of NFSv3, and mount.vers is %s: want it left out", s.Mount.Vers)
	}
	for i, f := range s.Faults {
		c.want(f.Failover == nil || !s.Mount.Overlay, faultPath(s, len(s.Pressure)+i), "unmounts the exported file system, on which the overlay has its upper layer: want mount.overlay left out")
	}
	c.want(s.Mount.LocalIO != wire.LocalIOOn || !s.ofBlocks(), "mount.localio",
		"is on, but I/O goes to the disk with layout %s: want mount.layout none or flexfiles", s.Mount.Layout)
}

// swapFile checks the file on the mount that the guest swaps to.
func (c *checker) swapFile(s Scenario) {
	const path = "mount.swap"
	size := s.Mount.Swap
	if size == 0 {
		return
	}
	c.want(size >= 1<<20 && size <= s.Export.Size/2, path, "is %s, want 1MiB to half of export.size, or 0 for none", size)
	c.want(!s.ofBlocks(), path, "is a file that NFS writes to, and with layout %s the client writes to the disk: want mount.layout none or flexfiles", s.Mount.Layout)
	c.want(s.Export.Reexport == "", path, "is on a mount that cannot be taken down while it is used: want export.reexport left out")
}

// layout checks that the server can grant the layout that the mount wants.
func (c *checker) layout(s Scenario) {
	const path = "mount.layout"
	l := s.Mount.Layout
	c.oneOf(l, path, wire.Layouts...)
	c.want(l == wire.LayoutNone || s.Mount.Vers >= "4.1", path, "is %s, but NFS %s has no layouts: want vers 4.1 or 4.2", l, s.Mount.Vers)
	c.want(!s.ofBlocks() || s.Export.FS == "xfs", path, "is %s, but knfsd grants those for xfs alone: want export.fs xfs", l)
}

// applies checks that a scenario applies to its own settings.
func (c *checker) applies(s Scenario) {
	for _, axis := range s.axes() {
		path := "applies." + axis.name
		for i, v := range axis.applies {
			c.oneOf(v, fmt.Sprintf("%s[%d]", path, i), axis.known...)
		}
		c.want(len(axis.applies) == 0 || slices.Contains(axis.applies, *axis.value), path, "lacks the scenario's own, %s", *axis.value)
	}
	c.want(!strings.Contains(s.Applies.Why, "\n"), "applies.why", "want one line")
}

func (c *checker) workload(w wire.Workload, path string) {
	c.want(countSet(w) == 1, path, "want exactly one workload, of %s", strings.Join(keys(w), ", "))
	if s := w.SharedFile; s != nil {
		p := path + ".sharedfile"
		c.between(s.Processes, 1, 128, p+".processes")
		c.between(s.Files, s.Processes, 1000, p+".files")
		c.between(s.Sharers, 1, s.Processes, p+".sharers")
		c.uids(s.UIDs, p+".uids")
		c.want(s.MaxWrite >= 1 && s.MaxWrite <= 64<<20, p+".max_write", "is %s, want 1B to 64MiB", s.MaxWrite)
	}
	if r := w.Recall; r != nil {
		c.between(r.Files, 1, 1000, path+".recall.files")
		c.want(r.Every.D() >= time.Millisecond, path+".recall.every", "is %s, want at least 1ms", r.Every)
	}
	if e := w.Evict; e != nil {
		c.between(e.Processes, 0, 128, path+".evict.processes")
		c.want(e.Processes == 0 || e.Files >= 1 && e.Files <= 100000, path+".evict.files", "is %d, want 1 to 100000", e.Files)
		c.between(e.Held, 0, 1000, path+".evict.held")
		c.want(e.Every.D() >= 10*time.Millisecond, path+".evict.every", "is %s, want at least 10ms", e.Every)
	}
	if u := w.Umount; u != nil {
		c.between(u.Mounts, 1, 16, path+".umount.mounts")
		c.between(u.Writers, 0, 16, path+".umount.writers")
		c.between(u.Churn, 0, 10000, path+".umount.churn")
		if u.How != "" {
			c.oneOf(u.How, path+".umount.how", wire.UmountPlain, wire.UmountLazy, wire.UmountForced, wire.UmountNamespace, wire.UmountExit)
		}
		c.want(u.How != wire.UmountExit || u.Busy && u.Writers > 0, path+".umount.how", "is exit, which is about writers killed with files open: want busy and writers")
	}
	if wr := w.Writer; wr != nil {
		p := path + ".writer"
		c.between(wr.Processes, 1, 128, p+".processes")
		c.uids(wr.UIDs, p+".uids")
		c.want(wr.Size >= 1 && wr.Size <= 1<<40, p+".size", "is %s, want 1B to 1TiB", wr.Size)
		c.want(wr.Block >= 1 && wr.Block <= 64<<20, p+".block", "is %s, want 1B to 64MiB", wr.Block)
		c.want(wr.Sync >= 0 && wr.Sync <= wr.Size, p+".sync", "is %s, want at most size, or 0 for none", wr.Sync)
		if wr.Mode != "" {
			c.oneOf(wr.Mode, p+".mode", wire.WriteBuffered, wire.WriteDirect, wire.WriteMapped)
		}
		if wr.Mode == wire.WriteDirect {
			c.want(wr.Size%pageSize == 0 && wr.Block%pageSize == 0, p+".mode", "is direct, want size and block in whole pages of 4KiB")
		}
	}
	if e := w.Expire; e != nil {
		c.want(e.Every.D() >= 100*time.Millisecond, path+".expire.every", "is %s, want at least 100ms", e.Every)
		c.between(e.Times, 0, 1<<30, path+".expire.times")
	}
}

func (c *checker) uids(uids []int, path string) {
	c.want(len(uids) > 0, path, "want at least one")
	for i, uid := range uids {
		c.between(uid, 0, 1<<31-2, fmt.Sprintf("%s[%d]", path, i))
	}
}

// countSet counts the pointers of a one-of struct that are set.
func countSet(oneOf any) int {
	v, n := reflect.ValueOf(oneOf), 0
	for i := range v.NumField() {
		if !v.Field(i).IsNil() {
			n++
		}
	}
	return n
}

// keySet is the YAML key of the pointer of a one-of struct that is set, empty if none is.
func keySet(oneOf any) string {
	v := reflect.ValueOf(oneOf)
	for i, key := range keys(oneOf) {
		if !v.Field(i).IsNil() {
			return key
		}
	}
	return ""
}

// keys returns the YAML keys of a struct.
func keys(of any) []string { return keysOf(reflect.TypeOf(of), false) }

// fieldNames lists every key that may stand anywhere in a scenario.
func fieldNames() []string {
	names := keysOf(reflect.TypeFor[Scenario](), true)
	slices.Sort(names)
	return slices.Compact(names)
}

func keysOf(t reflect.Type, deep bool) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for i := range t.NumField() {
		if !t.Field(i).IsExported() {
			continue
		}
		if t.Field(i).Anonymous { // its fields stand among ours
			names = append(names, keysOf(t.Field(i).Type, deep)...)
			continue
		}
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		names = append(names, name)
		if deep {
			names = append(names, keysOf(t.Field(i).Type, true)...)
		}
	}
	return names
}
