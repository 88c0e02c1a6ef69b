package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"loopfault/faults"
	"loopfault/workloads/wire"
)

// faults checks all pressures and faults, each and together.
func (c *checker) faults(s Scenario) {
	c.attributes(s)
	var outages []string
	for i, f := range s.Pressure {
		path := fmt.Sprintf("pressure[%d]", i)
		c.fault(f, path)
		c.want(!f.StopsProcessors(), path, "stops processors, and what does cannot be frozen: want it among faults")
		if _, ok := f.Fault().(faults.Outage); ok {
			c.want(false, path+"."+keySet(f), "begins and ends under load: want it among faults")
		}
	}
	for i, f := range s.Faults {
		path := fmt.Sprintf("faults[%d]", i)
		c.fault(f, path)
		if o, ok := f.Fault().(faults.Outage); ok {
			path += "." + keySet(f)
			c.outage(o, s, path)
			c.upcall(f.Upcall, s, path)
			c.want(!slices.Contains(outages, o.Kind()), path, "is there already: want one outage of a kind")
			outages = append(outages, o.Kind())
		}
	}
}

// attributes checks that no two faults use the same fault attribute of the
// kernel: it has one filter. A task's fail-nth counts in all of them.
func (c *checker) attributes(s Scenario) {
	used := map[string]bool{}
	for i, f := range slices.Concat(s.Pressure, s.Faults) {
		path := faultPath(s, i)
		var names []string
		switch {
		case f.Failslab != nil:
			names = []string{"failslab"}
		case f.FailPageAlloc != nil:
			names = []string{"fail_page_alloc"}
		case f.FailSunrpc != nil:
			names = []string{"fail_sunrpc"}
		case f.FailNth != nil:
			names = []string{"failslab", "fail_page_alloc", "fail_sunrpc"}
		}
		for _, name := range names {
			c.want(!used[name], path, "uses %s, as another fault does", name)
			used[name] = true
		}
	}
}

func (c *checker) chance(probability, times int, path string) {
	c.between(probability, 1, 100, path+".probability")
	c.between(times, 1, 1<<30, path+".times")
}

// outage checks the times of an outage, and that the clients' time to recover
// their state is known.
func (c *checker) outage(o faults.Outage, s Scenario, path string) {
	run := s.Run.D()
	c.want(o.For.D() >= 100*time.Millisecond && o.For.D() <= time.Hour, path+".for", "is %s, want 100ms to 1h", o.For)
	c.want(o.AtUmount || o.Every > 0, path+".every", "want the mean pause before each")
	c.want(o.Every == 0 || o.Every.D() >= 100*time.Millisecond, path+".every", "is %s, want at least 100ms", o.Every)
	// The first begins after at most half as much again as the mean.
	first := o.Every.D()*3/2 + o.For.D()
	c.want(o.Every == 0 || first <= run, path+".every", "is %s: the first may be over only after %s, want that within run (%s)", o.Every, first, run)
	if o.Reclaim && s.Mount.Vers != "3" {
		c.want(s.Export.Lease > 0 && s.Export.Grace > 0, path, "makes clients recover: want export.lease and export.grace set, since recovery takes as long")
	}
}

// upcall checks that the kernel asks the daemon.
func (c *checker) upcall(u *faults.Upcall, s Scenario, path string) {
	if u == nil {
		return
	}
	c.oneOf(u.Daemon, path+".daemon", wire.UpcallMountd, wire.UpcallTracker, wire.UpcallGssd, wire.UpcallSvcgssd, wire.UpcallIdmapd)
	switch u.Daemon {
	case wire.UpcallGssd, wire.UpcallSvcgssd:
		c.want(s.Mount.Kerberos(), path+".daemon", "is %s, which is asked about Kerberos contexts alone: want mount.sec krb5, krb5i or krb5p", u.Daemon)
	case wire.UpcallIdmapd:
		c.want(s.Mount.IDMap, path+".daemon", "is %s, which is asked only if owners of files have names: want mount.idmap true", u.Daemon)
	case wire.UpcallTracker:
		c.want(s.Mount.Vers != "3" && s.Export.Tracking == wire.TrackingDaemon, path+".daemon",
			"is %s, which is asked about clients of NFSv4 alone: want mount.vers from 4.0 on, and export.tracking %s", u.Daemon, wire.TrackingDaemon)
	}
}

func (c *checker) fault(f Fault, path string) {
	c.want(countSet(f) == 1, path, "want exactly one fault, of %s", strings.Join(keys(f), ", "))
	if s := f.Failslab; s != nil {
		p := path + ".failslab"
		c.either(s.Function, p+".function")
		c.between(s.Call, 0, 1000, p+".call")
		c.functions(s.Below, p+".below")
		c.want(len(s.Below) == 0 || len(s.Below) == 1 && s.Call > 0, p+".below", "want the direct caller alone, and call: failslab sees no further (callsite does)")
		c.between(s.Interval, 0, 1<<30, p+".interval")
		c.chance(s.Probability, s.Times, p)
	}
	if s := f.Callsite; s != nil {
		c.callsite(*s, path+".callsite")
	}
	if o := f.Order; o != nil {
		c.order(*o, path+".order")
	}
	if e := f.Explore; e != nil {
		c.explore(*e, path+".explore")
	}
	if s := f.FailPageAlloc; s != nil {
		p := path + ".fail_page_alloc"
		c.want(functionForm.MatchString(s.Function), p+".function", "is %q, want the name of a kernel function", s.Function)
		c.chance(s.Probability, s.Times, p)
	}
	if s := f.FailNth; s != nil {
		p := path + ".fail_nth"
		c.want(functionForm.MatchString(s.Function), p+".function", "is %q, want the name of a kernel function", s.Function)
	}
	if s := f.FailSunrpc; s != nil {
		p := path + ".fail_sunrpc"
		c.want(!s.IgnoreClientDisconnect || !s.IgnoreServerDisconnect || !s.IgnoreCacheWait, p, "ignores everything: want one of client-disconnect, server-disconnect, cache-wait")
		c.between(s.Interval, 0, 1<<30, p+".interval")
		c.chance(s.Probability, s.Times, p)
	}
	if m := f.Memcg; m != nil {
		p := path + ".memcg"
		c.want(m.Max >= 4<<20 && m.Max%pageSize == 0, p+".max", "is %s, want at least 4MiB, in whole pages", m.Max)
		c.want(m.High >= 0 && m.High <= m.Max && m.High%pageSize == 0, p+".high", "is %s, want at most max, in whole pages", m.High)
		c.want(m.Reclaim == 0 || m.Every.D() >= 10*time.Millisecond, p+".every", "is %s, want at least 10ms with reclaim set", m.Every)
	}
	if v := f.VM; v != nil {
		c.vm(*v, path+".vm")
	}
}

func (c *checker) vm(v faults.VM, path string) {
	c.want(v.DirtyBytes+v.DirtyBackgroundBytes > 0 || v.MinFreeKbytes+v.Swappiness+v.VfsCachePressure > 0, path, "want at least one of %s", strings.Join(keys(v), ", "))
	c.want(v.DirtyBytes == 0 || v.DirtyBytes >= 2*pageSize, path+".dirty_bytes", "is %s, want at least 8KiB", v.DirtyBytes)
	c.want(v.DirtyBytes == 0 || v.DirtyBackgroundBytes < v.DirtyBytes, path+".dirty_background_bytes", "is %s, want less than dirty_bytes", v.DirtyBackgroundBytes)
	c.between(v.MinFreeKbytes, 0, 1<<20, path+".min_free_kbytes")
	c.between(v.Swappiness, 0, 200, path+".swappiness")
	c.between(v.VfsCachePressure, 0, 1<<20, path+".vfs_cache_pressure")
}
