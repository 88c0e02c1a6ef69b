// Package controls is the regression suite of the harness's detectors: kernels with a
// planted bug, each in another mechanism, the scenario that triggers the bug, and
// what the detectors have to see then.
//
// If a control is not seen to hang, a detector or an injector is broken,
// whatever the other results say. The package is a table; it starts nothing.
// Its guest test runs it, with `make test-controls`.
//
// Kernels history-… have a bug that Linux itself once had. Those that a scenario runs into
// time and again are controls as the others; those of which that is not known are listed
// with what was tried, so that none is forgotten.
package controls

import (
	"slices"

	"loopfault/results/waitfor"
)

// Control is one planted bug.
type Control struct {
	Kernel   string // in the catalogue of kernels
	Scenario string // in the catalogue of scenarios
	// Also are further scenarios that run into it and call it their control: a matrix
	// with --controls runs them, the table's own test does not.
	Also      []string
	Mechanism string // in a word or two
	Explains  string // the hang, in one sentence, for readers of the table
	// Classes are the allowed classes of the explanation; in at least one of the trials that
	// hang it must be one of them.
	Classes []waitfor.Class
	// SeenBy are the detectors that must each have seen it in at least one of the trials
	// that hang, or one of several with Or between them; others may have. A lost wake-up is proven before detectors other than
	// the task watch reach their time-outs.
	SeenBy []string
	// Stalls says that a trial which stalls has shown the bug, too.
	Stalls bool
	// Silent says that khungtaskd must report nothing in any trial: all waits are
	// killable, or no task stays blocked.
	Silent bool
	// Deaf says that its guest runs no command any more: no processor answers or has the time, or
	// reclaim, which every new process needs, hangs itself. No archive of collect can be had from it.
	Deaf bool
	// Titles are the functions of which the verdict's title must name one.
	Titles []string
	// Blames are functions of which at least one must be the blame frame of some report.
	Blames []string
}

// Or is between detectors of which either may be the first, which ends the trial.
const Or = " or "

// All lists the controls.
func All() []Control { return slices.Concat(layouts(), client(), server(), history(), ceph()) }
