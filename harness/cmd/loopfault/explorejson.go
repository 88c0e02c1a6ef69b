package main

import "loopfault/results/summary"

// explored is what explore --json prints.
type explored struct {
	Run      string        `json:"run"` // of the first schedules, whose summary stands beside it
	Dir      string        `json:"dir"`
	Seed     uint64        `json:"seed"`
	Hung     *hungSchedule `json:"hung"`               // null: none did
	Tried    []smaller     `json:"tried"`              // smaller schedules, in the order in which they were tried
	Smallest string        `json:"smallest,omitempty"` // schedule that still hangs
	Command  string        `json:"command,omitempty"`  // that runs it
	summary.Summary
}

// hungSchedule is the trial that hung.
type hungSchedule struct {
	Trial     int    `json:"trial"`
	Seed      uint64 `json:"seed"` // of the trial
	Schedule  string `json:"schedule"`
	Title     string `json:"title"`
	Signature string `json:"signature"`
}

// smaller is a schedule with a change left out.
type smaller struct {
	Schedule string `json:"schedule"`
	Hangs    bool   `json:"hangs"`
	Run      string `json:"run"`
}

func (x explored) print(e *env) error {
	if !e.json {
		return nil
	}
	return e.printJSON(x)
}
