package scenario

import (
	"fmt"
	"slices"
	"strings"

	"loopfault/faults"
)

// backendAxis names the choice of how a call is made to fail.
const backendAxis = "fault-backend"

// Backend is the choice of what makes one slab allocation fail.
type Backend string

const (
	Failslab Backend = "failslab" // the kernel's own fault injection
	Callsite Backend = "callsite" // a debugger
)

var backends = []string{string(Failslab), string(Callsite)}

func (b Backend) String() string { return backendAxis + "=" + string(b) }

// By is the scenario with its faults moved to a backend; the error is a *NotApplicable
// if that cannot do them.
func (s Scenario) By(b Backend) (Scenario, error) { return b.apply(s) }

// apply turns faults at one allocation into the equivalent ones of the backend.
func (b Backend) apply(s Scenario) (Scenario, error) {
	if !slices.Contains(backends, string(b)) {
		return s, fmt.Errorf("scenario %s: %s is %q, want one of %s", s.Name, backendAxis, string(b), strings.Join(backends, ", "))
	}
	list, some := slices.Clone(s.Faults), false
	for i, f := range list {
		slab, site := f.Failslab, f.Callsite
		switch {
		case slab != nil && b == Callsite && slab.Call > 0:
			list[i] = Fault{Callsite: &faults.Callsite{Function: slab.Function, Call: slab.Call, Below: slab.Below, Choice: faults.Choice{Every: slab.Interval, Probability: slab.Probability, Times: slab.Times}}}
		case site != nil && b == Failslab && asFailslab(*site):
			list[i] = Fault{Failslab: &faults.Failslab{Function: site.Function, Call: site.Call, Below: site.Below, Interval: site.Every, Probability: site.Probability, Times: site.Times}}
		case slab != nil && b == Failslab, site != nil && b == Callsite:
		default:
			continue
		}
		some = true
	}
	if !some {
		return s, &NotApplicable{Scenario: s.Name, Why: fmt.Sprintf("%s %s: none of its faults is about one allocation that either backend can fail", backendAxis, string(b))}
	}
	s.Faults = list
	return s, nil
}

// asFailslab reports whether failslab can make a call fail in the same way.
func asFailslab(c faults.Callsite) bool {
	return c.Callee == "" && c.Errno == 0 && c.First <= 1 && c.Comm == "" && c.PID == 0 && c.Cgroup == "" && len(c.Below) <= 1
}
