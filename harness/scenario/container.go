package scenario

import (
	"slices"
	"time"

	"loopfault/workloads/wire"
)

// container checks that containers have a way to the server, and that the card of the loop-back
// mount is not meant where theirs is.
func (c *checker) container(w *wire.Container, s Scenario, p string) {
	if w == nil {
		return
	}
	c.between(w.Processes, 1, 16, p+".processes")
	c.between(w.Boxes, 1, 32, p+".boxes")
	c.between(w.Writers, 1, 8, p+".writers")
	c.want(w.For.D() >= 100*time.Millisecond && w.For.D() <= 5*time.Minute, p+".for", "is %s, want 100ms to 5m", w.For)
	if w.Network != "" {
		c.oneOf(w.Network, p+".network", wire.NetworkKept, wire.NetworkSilent, wire.NetworkGone)
	}
	silent := w.Network == wire.NetworkSilent
	c.want(silent == (w.Silent > 0), p+".silent", "is %s, want a time with network silent, and none without", w.Silent)
	c.want(w.Silent.D() <= 5*time.Second, p+".silent", "is %s, want at most 5s: what is silent for longer looks like a hang", w.Silent)
	c.want(s.Mount.Vers != "3", p, "reaches no mount daemon, which is outside of the containers: want mount.vers 4.0, 4.1 or 4.2")
	c.want(!s.Mount.Overlay && s.Export.Reexport == "", p, "mounts the export itself: want mount.overlay and export.reexport left out")
	stopped := slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.Restart != nil || f.Failover != nil })
	c.want(!stopped, p, "loses its relay's connections with the server: want neither restart nor failover among faults")
}
