package scenario

import (
	"fmt"
	"slices"

	"loopfault/faults"
)

// scheduleAxis names the choice of the order that fault explore enforces.
const scheduleAxis = "schedule"

// WithSchedule is the reference of a scenario whose fault explore follows a schedule
// instead of drawing one.
func WithSchedule(ref, schedule string) string { return choosing(ref, scheduleAxis, schedule) }

func (s *Scenario) follow(text string) error {
	var schedule faults.Schedule
	if err := schedule.UnmarshalText([]byte(text)); err != nil {
		return fmt.Errorf("scenario %s: %w", s.Name, err)
	}
	list := slices.Clone(s.Faults)
	for i, f := range list {
		if f.Explore != nil {
			e := *f.Explore
			e.Schedule = schedule
			list[i].Explore = &e
			s.Faults = list
			return nil
		}
	}
	return &NotApplicable{Scenario: s.Name, Why: "schedule " + text + ": it has no fault explore to follow it"}
}
