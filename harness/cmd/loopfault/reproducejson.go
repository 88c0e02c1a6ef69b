package main

import (
	"loopfault/harness/scenario"
	"loopfault/results/match"
)

// hunted is what reproduce --json prints.
type hunted struct {
	Title      string      `json:"title"` // of the wanted hang
	Signature  string      `json:"signature"`
	Kernel     string      `json:"kernel"`
	Seed       uint64      `json:"seed"`
	Scenarios  []likely    `json:"scenarios"`  // most likely first
	Reproduced *reproduced `json:"reproduced"` // null: it was not
	Counted    int         `json:"counted"`    // trials that count, over all scenarios
	Others     int         `json:"others"`     // hangs and crashes that were not the one
	// Below is the rate that it is below of such trials, at 95 %; null where it was
	// reproduced or nothing counts.
	Below *float64 `json:"below"`
}

// likely is a scenario with what it has in common with the report.
type likely struct {
	Scenario string   `json:"scenario"`
	Score    float64  `json:"score"` // 0 to 1
	Shared   []string `json:"shared"`
}

// reproduced is the first trial that hung as wanted, and how often its scenario did.
type reproduced struct {
	Scenario  string      `json:"scenario"`
	Dir       string      `json:"dir"` // of the trial: replay takes it
	TrialSeed uint64      `json:"trial_seed"`
	Match     match.Match `json:"match"`
	Hits      int         `json:"hits"`
	Of        int         `json:"of"`             // trials that count
	Seconds   float64     `json:"median_seconds"` // of load until it hung
}

func ranking(ranked []scenario.Ranked) []likely {
	list := []likely{}
	for _, r := range ranked {
		list = append(list, likely{r.Scenario.Name, r.Score, append([]string{}, r.Shared...)})
	}
	return list
}

func (h hunted) print(e *env) error {
	if !e.json {
		return nil
	}
	return e.printJSON(h)
}
