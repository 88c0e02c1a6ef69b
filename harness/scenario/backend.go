package scenario

import (
	"fmt"
	"slices"
	"strings"

	"loopfault/faults"
)

// backendAxis names the choice of how a call is made to fail.
const backendAxis = "fault-backend"

// Backends are the ways to fail one slab allocation: from inside, by the kernel's
// own fault injection, or from outside, by a debugger.
var Backends = []string{"failslab", "callsite"}

// WithBackend is the reference of a scenario whose faults use a backend.
func WithBackend(ref, backend string) string {
	if backend == "" {
		return ref
	}
	return choosing(ref, backendAxis, backend)
}

func choosing(ref, axis, value string) string {
	sep := ":"
	if _, choices := splitRef(ref); choices != nil {
		sep = ","
	}
	return ref + sep + axis + "=" + value
}

// By is the scenario with its faults moved to a backend; the error is a *NotApplicable
// if that cannot do them.
func (s Scenario) By(backend string) (Scenario, error) {
	err := s.failBy(backend)
	return s, err
}

// failBy turns faults at one allocation into the equivalent ones of another backend.
func (s *Scenario) failBy(backend string) error {
	if !slices.Contains(Backends, backend) {
		return fmt.Errorf("scenario %s: %s is %q, want one of %s", s.Name, backendAxis, backend, strings.Join(Backends, ", "))
	}
	list, some := slices.Clone(s.Faults), false
	for i, f := range list {
		slab, site := f.Failslab, f.Callsite
		switch {
		case slab != nil && backend == "callsite" && slab.Call > 0:
			list[i] = Fault{Callsite: &faults.Callsite{Function: slab.Function, Call: slab.Call, Below: slab.Below, Choice: faults.Choice{Every: slab.Interval, Probability: slab.Probability, Times: slab.Times}}}
		case site != nil && backend == "failslab" && asFailslab(*site):
			list[i] = Fault{Failslab: &faults.Failslab{Function: site.Function, Call: site.Call, Below: site.Below, Interval: site.Every, Probability: site.Probability, Times: site.Times}}
		case slab != nil && backend == "failslab", site != nil && backend == "callsite":
		default:
			continue
		}
		some = true
	}
	if !some {
		return &NotApplicable{Scenario: s.Name, Why: fmt.Sprintf("%s %s: none of its faults is about one allocation that either backend can fail", backendAxis, backend)}
	}
	s.Faults = list
	return nil
}

// asFailslab reports whether failslab can make a call fail in the same way.
func asFailslab(c faults.Callsite) bool {
	return c.Callee == "" && c.Errno == 0 && c.First <= 1 && c.Comm == "" && c.PID == 0 && c.Cgroup == "" && len(c.Below) <= 1
}
