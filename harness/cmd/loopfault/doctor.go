package main

import (
	"context"

	"loopfault/harness/doctor"
)

type doctorCmd struct{}

func (doctorCmd) Run(ctx context.Context, e *env) error {
	found := doctor.Examine(ctx, &e.Session)
	if err := e.show(found); err != nil {
		return err
	}
	if !found.OK() {
		return &outcome{exitInfrastructure}
	}
	return nil
}
