// Package observe counts claims about a mechanism. A report says what happens in which
// order, step by step; each step is a claim that can be counted: how often it was seen,
// and how often it could have been.
//
// Points are places in the kernel's code whose passing is recorded, with the object it
// is about. Claims are about points: which came below which functions, after which other
// point on the same object, by the same task or by another one. The package reads the
// text of a trace and is pure: it asks no guest and decides no verdict.
package observe

import (
	"cmp"
	"slices"
)

// Point is a place in the kernel's code, as a kprobe event that records each passing.
type Point struct {
	Name string `json:"point" yaml:"point"` // a word, for claims
	// Function is where; several with | between them are places of one point. With Call it
	// is the n-th call (from 1) that the function makes to Callee, just before it, or with
	// Returned, just after it came back.
	Function string `json:"function" yaml:"function"`
	Callee   string `json:"callee,omitempty" yaml:"callee"`
	Call     int    `json:"call,omitempty" yaml:"call"`
	Returned bool   `json:"returned,omitempty" yaml:"returned"`
	// Object is the argument that says which object the passing is about, as kprobe events
	// have it (Documentation/trace/kprobetrace.rst): %di is the first argument of a
	// function. Minus is taken off it, where what is passed lies inside the object. Without
	// it the object is that of the task's last point before.
	Object string `json:"object,omitempty" yaml:"object"`
	Minus  uint64 `json:"minus,omitempty" yaml:"minus"`
	// Fields are further values, by name, in the same syntax: flags: "+88(%di):x64". If is a
	// filter over them (Documentation/trace/events.rst): what does not pass is not recorded.
	Fields map[string]string `json:"fields,omitempty" yaml:"fields"`
	If     string            `json:"if,omitempty" yaml:"if"`
	// Below are functions that have to stand below it on the stack, in this order;
	// NotBelow are some of which none may, between the point and the first of Below.
	Below    []string `json:"below,omitempty" yaml:"below"`
	NotBelow []string `json:"not_below,omitempty" yaml:"not_below"`
}

// Plan is what a scenario has observed.
type Plan struct {
	Points []Point `json:"points" yaml:"points"` // places whose passing is recorded
	Claims []Claim `json:"claims" yaml:"claims"` // what is counted of them
}

// Claim is one step of a mechanism.
type Claim struct {
	Name     string   `json:"claim" yaml:"claim"`                 // a word or several, with hyphens
	Says     string   `json:"says" yaml:"says"`                   // the step in one line, as the report puts it
	Point    string   `json:"point" yaml:"point"`                 // each passing is a candidate
	Below    []string `json:"below,omitempty" yaml:"below"`       // functions that have to stand below it
	After    *After   `json:"after,omitempty" yaml:"after"`       // what has to have come before
	Chances  string   `json:"chances,omitempty" yaml:"chances"`   // the point or claim that it could have followed; by default its own point
	Expected string   `json:"expected,omitempty" yaml:"expected"` // always: not seeing it each time says that fields are read wrongly in this kernel
}

// After is what has to have come before, on the same object.
type After struct {
	Point string `json:"point" yaml:"point"`     // the point that has to have been passed before
	By    string `json:"by,omitempty" yaml:"by"` // same, another: by which task; any if it is not said
	// Within is a point that the task itself passed before that: the start of its sleep, say.
	Within string `json:"within,omitempty" yaml:"within"`
	// Unless are points that must not have come in between.
	Unless []string `json:"unless,omitempty" yaml:"unless"`
}

// By which task.
const (
	Same    = "same"
	Another = "another"
)

// Always is the value of Claim.Expected.
const Always = "always"

// Observed is what came of a claim in one trial, or in several.
type Observed struct {
	Claim   string `json:"claim"`
	Says    string `json:"says"`
	Seen    int64  `json:"seen"`
	Chances int64  `json:"chances"`
	Trials  int    `json:"trials"`            // in which it was seen
	Unknown string `json:"unknown,omitempty"` // why it could not be counted
	// UnknownIn is in how many trials it could not, of several.
	UnknownIn int `json:"unknown_in,omitempty"`
}

// Count counts claims in the events of one trial, which come in the order of time.
// missing are points that this kernel does not have, and why.
func Count(claims []Claim, events []Event, missing map[string]string) []Observed {
	var list []Observed
	seen := map[string]int64{}
	for _, e := range events {
		seen[e.Point]++
	}
	for _, c := range claims {
		o := Observed{Claim: c.Name, Says: c.Says}
		for _, p := range c.points() {
			if why := missing[p]; why != "" {
				o.Unknown = why
			}
		}
		if o.Unknown == "" {
			for i, e := range events {
				if e.Point == c.Point && e.below(c.Below) && c.After.holds(events[:i], e) {
					o.Seen++
				}
			}
			o.Chances = seen[c.Point]
			if c.Chances != "" {
				o.Chances = seen[c.Chances]
			}
			if o.Seen > 0 {
				o.Trials = 1
			}
		}
		seen[c.Name] = o.Seen
		list = append(list, o)
	}
	return doubted(claims, list)
}

// doubted takes back what rests on fields that are evidently read wrongly. More passings
// than chances are no such sign: the recording ended between two probes at one place.
func doubted(claims []Claim, list []Observed) []Observed {
	for i, c := range claims {
		if o := list[i]; c.Expected == Always && o.Unknown == "" && o.Seen < o.Chances {
			for j := range list {
				if list[j].Unknown == "" {
					list[j] = Observed{Claim: list[j].Claim, Says: list[j].Says,
						Unknown: "what has to hold each time did not (" + c.Name + "): fields lie elsewhere in this kernel"}
				}
			}
		}
	}
	return list
}

func (c Claim) points() []string {
	list := []string{c.Point}
	if c.Chances != "" {
		list = append(list, c.Chances)
	}
	if a := c.After; a != nil {
		list = append(append(list, a.Point, a.Within), a.Unless...)
	}
	return list
}

// holds says whether what has to have come before an event did.
func (a *After) holds(before []Event, e Event) bool {
	if a == nil {
		return true
	}
	found := false // and now what it has to lie within
	for _, b := range slices.Backward(before) {
		switch {
		case b.Object != e.Object:
		case found:
			if b.Point == a.Within && b.Task == e.Task {
				return true
			}
			if b.Point == e.Point && b.Task == e.Task {
				return false // the task was here meanwhile: that was another time
			}
		case slices.Contains(a.Unless, b.Point), a.Within != "" && b.Point == a.Within && b.Task == e.Task:
			return false
		case b.Point == a.Point && (a.By == "" || (a.By == Same) == (b.Task == e.Task)):
			if a.Within == "" {
				return true
			}
			found = true
		}
	}
	return false
}

// Add puts what was observed in one trial to that of others, in the order of the first.
func Add(sum, more []Observed) []Observed {
	for _, o := range more {
		if o.Unknown != "" && o.UnknownIn == 0 {
			o.UnknownIn = 1
		}
		i := slices.IndexFunc(sum, func(s Observed) bool { return s.Claim == o.Claim })
		if i < 0 {
			sum = append(sum, o)
			continue
		}
		s := &sum[i]
		s.Seen, s.Chances, s.Trials = s.Seen+o.Seen, s.Chances+o.Chances, s.Trials+o.Trials
		s.Unknown, s.UnknownIn = cmp.Or(s.Unknown, o.Unknown), s.UnknownIn+o.UnknownIn
	}
	return sum
}
