package faults

import (
	"fmt"
	"strings"

	"loopfault/workloads/wire"
)

// Explore has processors come to points in orders that would hardly happen by
// themselves. Which, is drawn from the trial's seed, or said by a schedule.
type Explore struct {
	Points  []Place `json:"points" yaml:"points"`             // where processors are held
	Changes int     `json:"changes,omitempty" yaml:"changes"` // how often a processor is held in a trial
	Among   int     `json:"among,omitempty" yaml:"among"`     // at which hits: drawn from the first so many, counted over all points
	Longest int     `json:"longest,omitempty" yaml:"longest"` // a held processor waits for at most so many hits of others
	// Schedule is what to do instead of drawing: "17+2 40+1" holds the processor of the 17th hit until others
	// have made 2 more, and that of the 40th until 1 more. Changes, Among and Longest are not needed then.
	Schedule Schedule `json:"schedule,omitempty" yaml:"schedule"`
	// For is how long a processor is held at most, in the host's time.
	For wire.Duration `json:"for" yaml:"for"`
}

// Fault returns the fault with the state of one trial, in which it learns about the guest.
func (e Explore) Fault() Fault { return &explore{Explore: e, plan: e.Schedule} }

func (e Explore) Describe() string {
	var points []string
	for _, p := range e.Points {
		points = append(points, p.String())
	}
	s := fmt.Sprintf("explore: hold processors for at most %s at %s, ", e.For, strings.Join(points, ", "))
	if len(e.Schedule) > 0 {
		return s + "by schedule " + e.Schedule.String()
	}
	return s + fmt.Sprintf("%d times among the first %d hits", e.Changes, e.Among)
}
