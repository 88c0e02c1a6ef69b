package scenario

import (
	"slices"

	"loopfault/faults"
)

// scheduleAxis names the choice of the order that fault explore enforces.
const scheduleAxis = "schedule"

// Schedule is the choice of a schedule for fault explore, which otherwise draws one.
type Schedule faults.Schedule

func (c Schedule) String() string { return scheduleAxis + "=" + faults.Schedule(c).String() }

func (c Schedule) apply(s Scenario) (Scenario, error) {
	list := slices.Clone(s.Faults)
	for i, f := range list {
		if f.Explore != nil {
			e := *f.Explore
			e.Schedule = faults.Schedule(c)
			list[i].Explore = &e
			s.Faults = list
			return s, nil
		}
	}
	return s, &NotApplicable{Scenario: s.Name, Why: "schedule " + faults.Schedule(c).String() + ": it has no fault explore to follow it"}
}
