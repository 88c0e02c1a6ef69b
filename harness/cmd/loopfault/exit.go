package main

import (
	"context"
	"errors"
	"fmt"

	"loopfault/errs"
	"loopfault/harness/cells"
	"loopfault/results/summary"
)

// Exit codes, stable.
const (
	exitClean          = 0
	exitFound          = 1
	exitInconclusive   = 2
	exitUsage          = 64
	exitInfrastructure = 69
	exitInterrupted    = 130
)

var errInterrupted = errors.New("interrupted")

// outcome is the error of a command that worked and found something: it sets
// the exit code and prints nothing.
type outcome struct{ code int }

func (o *outcome) Error() string { return fmt.Sprintf("exit code %d", o.code) }

// exitOf maps errors to exit codes: wrong input is the user's fault, any error
// without a class the machine's.
func exitOf(ctx context.Context, err error) int {
	var found *outcome
	switch {
	case errors.Is(context.Cause(ctx), errInterrupted):
		return exitInterrupted
	case err == nil:
		return exitClean
	case errors.As(err, &found):
		return found.code
	case errs.ClassOf(err) == errs.Usage:
		return exitUsage
	}
	return exitInfrastructure
}

// judge turns a campaign's summary into its exit code, nil for clean.
func judge(s summary.Summary) error { return outcomeOf(summary.Judge(s)) }

func outcomeOf(j summary.Judgement) error {
	switch j {
	case summary.Found:
		return &outcome{exitFound}
	case summary.Inconclusive:
		return &outcome{exitInconclusive}
	case summary.Broken:
		return &outcome{exitInfrastructure}
	}
	return nil
}

// outcomeOfCells makes an outcome of an error that says that an engine has not ended what it was to run.
func outcomeOfCells(err error) error {
	var elsewhere *cells.Elsewhere
	switch {
	case errors.As(err, &elsewhere):
		return &outcome{exitClean}
	case errors.Is(err, cells.ErrCanceled):
		return &outcome{exitInconclusive}
	}
	return err
}

// oneLine reduces an error to one line per problem.
func oneLine(err error) string {
	if errors.Is(err, context.Canceled) {
		return errInterrupted.Error()
	}
	return errs.Lines(err)
}

func evidenceOf(err error) string {
	text := errs.EvidenceOf(err)
	if text == "" {
		return ""
	}
	return text + "\n"
}
