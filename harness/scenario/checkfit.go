package scenario

import (
	"slices"
	"time"

	"loopfault/workloads/wire"
)

// fits checks a workload that does not fit every mount, or has other requirements.
func (c *checker) fits(w wire.Workload, s Scenario, path string) {
	c.want(w.Expire == nil || s.Mount.Vers != "3", path+".expire", "an NFS 3 server keeps no list of clients: want mount.vers 4.0, 4.1 or 4.2")
	c.state(w.State, s.Mount, path+".state")
	c.staleTruncate(w.StaleTruncate, s, path+".staletruncate")
	c.readaheadClose(w.ReadaheadClose, s, path+".readaheadclose")
	c.mixed(w.Mixed, path+".mixed")
	if sh := w.SharedFile; sh != nil {
		c.rival(sh.Rival, s.Mount, path+".sharedfile")
	}
	if u := w.Umount; u != nil && u.Vers != "" {
		c.ownClient(u.Vers, s.Mount, path+".umount.vers")
	}
	if r := w.Reader; r != nil {
		p := path + ".reader"
		c.between(r.Processes, 1, 128, p+".processes")
		c.uids(r.UIDs, p+".uids")
		c.between(r.Files, 1, 1000, p+".files")
	}
	if n := w.FaultNth; n != nil {
		p := path + ".faultnth"
		c.between(n.Processes, 1, 16, p+".processes")
		c.uids(n.UIDs, p+".uids")
		c.want(len(n.UIDs) == 2 && n.UIDs[0] != n.UIDs[1], p+".uids", "want two that differ")
		c.between(n.Repeats, 1, 1000, p+".repeats")
		armed := slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.FailNth != nil })
		c.want(armed, p, "lets allocations fail that fault fail_nth names: want it among faults")
	}
	if u := w.CopyUp; u != nil {
		p := path + ".copyup"
		c.between(u.Processes, 1, 128, p+".processes")
		c.uids(u.UIDs, p+".uids")
		c.between(u.Files, 1, 1000, p+".files")
		c.want(u.Size >= 1 && u.Size <= 64<<20, p+".size", "is %s, want 1B to 64MiB", u.Size)
		c.want(s.Mount.Overlay, p, "has files copied up: want mount.overlay true")
	}
	c.pages(w.Pages, s, path+".pages")
	c.container(w.Container, s, path+".container")
	c.opens(w.Opens, s, path+".opens")
	c.serverCopy(w.ServerCopy, s.Mount, path+".servercopy")
	c.directory(w.Directory, s, path+".directory")
	if h := w.Hog; h != nil {
		p := path + ".hog"
		c.between(h.Processes, 1, 16, p+".processes")
		c.uids(h.UIDs, p+".uids")
		c.between(h.Files, 0, 100, p+".files")
		limited := slices.ContainsFunc(s.Pressure, func(f Fault) bool { return f.Memcg != nil && f.Memcg.Max < h.Size })
		c.want(limited, p+".size", "is %s, want a memcg among pressure that has less, or no process is killed", h.Size)
	}
	if d := w.DSError; d != nil {
		p := path + ".dserror"
		c.between(d.Files, 1, 1000, p+".files")
		c.want(d.For.D() >= time.Millisecond && d.For.D() <= 5*time.Second, p+".for", "is %s, want 1ms to 5s", d.For)
		c.want(d.Every.D() >= 10*time.Millisecond, p+".every", "is %s, want at least 10ms", d.Every)
		c.want(s.Mount.Layout == wire.LayoutFlexfiles, p, "is about flexfiles data servers: want mount.layout flexfiles")
		c.want(s.Finish.Writers == "stopped", p, "gives permissions back before it ends, and readers never end without: want finish.writers stopped")
	}
}

func (c *checker) pages(w *wire.Pages, s Scenario, p string) {
	if w == nil {
		return
	}
	c.between(w.Processes, 1, 128, p+".processes")
	c.uids(w.UIDs, p+".uids")
	c.want(w.Size >= 1<<20 && w.Size <= 64<<30, p+".size", "is %s, want 1MiB to 64GiB", w.Size)
	c.want(s.Swap() > 0, p, "has pages swapped out: want mount.swap or guest.swap")
	limit := slices.IndexFunc(s.Pressure, func(f Fault) bool { return f.Memcg != nil })
	c.want(limit >= 0, p, "has pages swapped out: want a memcg among pressure, whose memory is reclaimed")
	if limit >= 0 && s.Swap() > 0 {
		all, most := w.Size*wire.Size(w.Processes), s.Pressure[limit].Memcg.Max
		c.want(all < most+s.Swap(), p+".size", "is %s in all, want less than the memcg (%s) and swap (%s) hold, or the OOM killer would strike", all, most, s.Swap())
	}
}

func (c *checker) opens(o *wire.Opens, s Scenario, p string) {
	if o == nil {
		return
	}
	c.between(o.Processes, 1, 128, p+".processes")
	c.uids(o.UIDs, p+".uids")
	c.between(o.Files, 1, 1000, p+".files")
	c.want(o.Hold.D() <= 10*time.Second, p+".hold", "is %s, want at most 10s", o.Hold)
	c.want(s.Mount.Vers != "3", p, "is about state that servers keep of open files, and NFSv3 has none: want mount.vers 4.0, 4.1 or 4.2")
	failover := slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.Failover != nil })
	c.want(!failover, p, "keeps files open on the exported file system, which fault failover unmounts: want it left out")
}

func (c *checker) serverCopy(s *wire.ServerCopy, m wire.Mount, p string) {
	if s == nil {
		return
	}
	c.between(s.Processes, 1, 128, p+".processes")
	c.uids(s.UIDs, p+".uids")
	c.want(s.Size >= 64<<10 && s.Size <= 64<<20, p+".size", "is %s, want 64KiB to 64MiB", s.Size)
	c.want(m.Vers == "4.2", p, "is copied by the server from NFS 4.2 on, and the mount has %s: want mount.vers 4.2", m.Vers)
}

func (c *checker) directory(d *wire.Directory, s Scenario, p string) {
	if d == nil {
		return
	}
	c.between(d.Processes, 1, 128, p+".processes")
	c.uids(d.UIDs, p+".uids")
	c.between(d.Server, 1, 16, p+".server")
	c.between(d.Directories, 1, 100, p+".directories")
	c.between(d.Entries, 1, 1000, p+".entries")
	c.want(d.Every.D() >= time.Millisecond && d.Every.D() <= time.Minute, p+".every", "is %s, want 1ms to 1m", d.Every)
	c.rival(d.Rival, s.Mount, p)
}

func (c *checker) state(s *wire.State, m wire.Mount, p string) {
	if s == nil {
		return
	}
	c.between(s.Processes, 1, 128, p+".processes")
	c.uids(s.UIDs, p+".uids")
	c.between(s.Files, 1, 1000, p+".files")
	c.between(s.Blocks, 1, 4096, p+".blocks")
	c.between(s.Locks, 0, wire.MaxLocks, p+".locks")
	c.want(s.Hold.D() <= 10*time.Second, p+".hold", "is %s, want at most 10s", s.Hold)
	c.want(s.Locks == 0 || m.Vers != "3" || m.Locks == wire.LocksServer, p+".locks", "is %d, but without mount.locks server NFSv3 mounts do not know each other's: want 0, or mount.locks server", s.Locks)
	c.want(s.Locks == 0 || m.Layout == wire.LayoutNone, p+".locks", "is %d, but data servers of layout %s do not know locks: want 0, or mount.layout none", s.Locks, m.Layout)
	c.want(!s.LocksOnly || s.Locks > 0, p+".locks_only", "takes nothing but locks, and there are none: want locks above 0")
	c.want(s.Interrupt == 0 || s.Interrupt.D() >= time.Millisecond && s.Locks > 0, p+".interrupt", "is %s, want at least 1ms, and locks above 0, or 0 for none", s.Interrupt)
	c.rival(s.Rival, m, p)
	c.want(s.Plant == 0 || s.Plant.D() >= 10*time.Millisecond, p+".plant", "is %s, want at least 10ms, or 0 for none", s.Plant)
}

// rival checks the version of a second mount.
func (c *checker) rival(vers string, m wire.Mount, p string) {
	if vers == "" {
		return
	}
	if m.Vers == "3" { // one client to the server, whichever mount it is
		c.want(vers == "3" && m.Locks == wire.LocksServer, p+".rival", "is %s beside mount.vers 3: want 3, with mount.locks server, so that there is something that the server decides", vers)
		return
	}
	c.ownClient(vers, m, p+".rival")
}

// ownClient checks the version of a second mount that has to be a client of its own: to a server they differ by version, from 4.0 on.
func (c *checker) ownClient(vers string, m wire.Mount, p string) {
	c.oneOf(vers, p, "4.0", "4.1", "4.2")
	c.want(vers != m.Vers && m.Vers != "3", p, "is %s, and mount.vers %s: want two versions from 4.0 on, or it would be the same client", vers, m.Vers)
}
