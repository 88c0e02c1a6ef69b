// Package model is what all reports of a run say, whatever their format: the verdict in one sentence, every hang once
// with its stack and explanation, timelines, how to run it again.
//
// It reads a run through the store and judges nothing itself. Texts in it are as the kernel printed them: each
// writer escapes them for its format.
package model

import (
	"encoding/json"
	"fmt"
	"time"

	"loopfault/results/kernelreport"
	"loopfault/results/paths"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// Run is one run.
type Run struct {
	Name     string
	Manifest store.Manifest
	Summary  summary.Summary
	Outcome  summary.Judgement
	Sentence string        // the verdict, with its numbers
	Trials   []store.Trial // those that are complete, by number
	Scenario Scenario
	Findings []Finding  // each signature once: arms that must not hang first, then by how often
	Samples  []Timeline // one ordinary trial of each arm, to compare those of the findings with
	Commands []string   // that run all of it again
}

// Scenario is what a reader wants to know of what was run.
type Scenario struct {
	Title     string       `json:"title"`
	Mechanism string       `json:"mechanism"`
	Target    paths.Target `json:"target"`
}

// Options of reading. The zero value reads what is there.
type Options struct {
	// Symbolize adds source lines to a report of one arm's kernel, as far as they are known; nil adds none.
	Symbolize func(store.Arm, *kernelreport.Report)
}

// Read makes the model of a stored run. Missing or broken files of single trials leave gaps in it, and are no
// error.
func Read(stored store.Stored, o Options) Run {
	r := Of(stored.Name, stored.Manifest, stored.Trials)
	for i := range r.Findings {
		r.Findings[i].read(stored, o)
	}
	r.Samples = samples(stored)
	return r
}

// Of is the model without anything that lies in files of single trials.
func Of(name string, m store.Manifest, trials []store.Trial) Run {
	r := Run{Name: name, Manifest: m, Trials: trials, Summary: summary.Of(m, trials)}
	r.Outcome = summary.Judge(r.Summary)
	if len(trials) == 0 {
		r.Outcome = summary.Inconclusive
	}
	_ = json.Unmarshal(m.Scenario, &r.Scenario) // of an older version: then its title is missing
	r.Findings = findings(m, trials)
	r.Sentence = sentence(r)
	r.Commands = commands(m)
	return r
}

// Planned is how many trials the plan has over all arms, 0 when it has no bound. Controls do not run in every round.
func (r Run) Planned() int {
	n := 0
	for _, a := range r.Manifest.Arms {
		if !a.Control && !a.NoFault {
			n += r.Manifest.Trials
		}
	}
	return n
}

// Arm is the arm of a name; one that the manifest lacks has only that.
func (r Run) Arm(name string) store.Arm {
	for _, a := range r.Manifest.Arms {
		if a.Name == name {
			return a
		}
	}
	return store.Arm{Name: name}
}

// Seconds is how long all trials took together, on the host's clock.
func (r Run) Seconds() float64 {
	sum := 0.0
	for _, t := range r.Trials {
		sum += t.Seconds
	}
	return sum
}

// Ended is when the last trial ended, or when the run began if there is none.
func (r Run) Ended() time.Time {
	end := r.Manifest.Started
	for _, t := range r.Trials {
		if e := t.Started.Add(time.Duration(t.Seconds * float64(time.Second))); e.After(end) {
			end = e
		}
	}
	return end
}

// Injected is the line above every kernel text of a trial, so that a provoked report is not taken for an
// ordinary one.
func Injected(arm store.Arm, t store.Trial) string {
	planted := ""
	if arm.Control {
		planted = " This kernel is a control: a bug was planted in it on purpose."
	}
	switch {
	case t.Faults > 0:
		return fmt.Sprintf("Faults were injected: %d landed in this trial.%s", t.Landed, planted)
	case t.Exercised > 0 || t.Verdict.Kind != verdict.Error:
		return "No faults were injected in this trial: it ran under load only." + planted
	}
	return "It is not known whether faults were injected in this trial." + planted
}
