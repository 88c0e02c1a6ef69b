package scenario

import (
	"fmt"
	"strings"
	"time"

	"loopfault/faults"
)

// callsite and order check the faults that stop vCPUs from outside.
func (c *checker) callsite(s faults.Callsite, path string) {
	c.want(s.Call > 0, path+".call", "is %d, want 1 to 1000", s.Call)
	c.place(faults.Place{Function: s.Function, Callee: s.Callee, Call: s.Call}, path)
	c.functions(s.Below, path+".below")
	c.between(s.Errno, 0, 4095, path+".errno") // MAX_ERRNO
	c.choice(s.Choice, path)
	c.want(len(s.Comm) < 16, path+".comm", "is %q, want at most 15 letters, as the kernel keeps them", s.Comm)
	c.between(s.PID, 0, 1<<22, path+".pid")
	c.want(s.Cgroup == "" || strings.HasPrefix(s.Cgroup, "/"), path+".cgroup", "is %q, want the path of its directory in the guest", s.Cgroup)
}

func (c *checker) order(o faults.Order, path string) {
	c.place(o.Hold, path+".hold")
	if o.Until != nil {
		c.place(*o.Until, path+".until")
	}
	c.want(o.Until != nil || o.Same == 0 && o.Linger == 0, path+".until", "want it with same or linger, which are about it")
	c.between(o.Same, 0, 6, path+".same")
	c.want(o.For.D() >= time.Millisecond && o.For.D() <= 10*time.Second, path+".for", "is %s, want 1ms to 10s", o.For)
	c.want(o.Linger >= 0 && o.Linger.D() <= time.Second, path+".linger", "is %s, want at most 1s", o.Linger)
	c.choice(o.Choice, path)
}

func (c *checker) explore(e faults.Explore, path string) {
	c.want(len(e.Points) > 0, path+".points", "want at least one")
	for i, p := range e.Points {
		c.place(p, fmt.Sprintf("%s.points[%d]", path, i))
	}
	if len(e.Schedule) == 0 {
		c.between(e.Among, 1, 100000, path+".among")
		c.between(e.Changes, 1, e.Among, path+".changes")
		c.between(e.Longest, 1, 1000, path+".longest")
	}
	c.want(e.For.D() >= time.Millisecond && e.For.D() <= 10*time.Second, path+".for", "is %s, want 1ms to 10s", e.For)
}

func (c *checker) place(l faults.Place, path string) {
	c.want(functionForm.MatchString(l.Function), path+".function", "is %q, want the name of a kernel function", l.Function)
	for name := range strings.SplitSeq(l.Callee, "|") {
		c.want(l.Callee == "" || functionForm.MatchString(name), path+".callee", "is %q, want the name of a kernel function, or nothing for any slab allocator", l.Callee)
	}
	c.between(l.Call, 0, 1000, path+".call")
	c.want(l.Callee == "" || l.Call > 0, path+".call", "is 0, want which of the calls of %s", l.Callee)
}

func (c *checker) choice(s faults.Choice, path string) {
	c.between(s.First, 0, 1<<30, path+".first")
	c.between(s.Every, 0, 1<<30, path+".every")
	c.chance(s.Probability, s.Times, path)
}
