package main

import (
	"context"
	"fmt"
	"slices"

	"loopfault/harness/doctor"
)

type doctorCmd struct{}

// checksOutput is what doctor --json prints.
type checksOutput struct {
	Checks []doctor.Check `json:"checks"`
}

func (doctorCmd) Run(ctx context.Context, e *env) error {
	checks := doctor.Examine(ctx, &e.Session)
	if e.json {
		if err := e.printJSON(checksOutput{checks}); err != nil {
			return err
		}
	}
	for _, k := range checks {
		mark := map[bool]string{true: "ok", false: "MISSING"}[k.OK]
		fmt.Fprintf(e.Text, "%-8s %-12s %s\n", mark, k.What, k.Found)
	}
	if slices.ContainsFunc(checks, func(k doctor.Check) bool { return !k.OK }) {
		return &outcome{exitInfrastructure}
	}
	return nil
}
