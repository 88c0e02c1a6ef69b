package scenario

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"loopfault/faults"
	"loopfault/results/safefile"
	"loopfault/workloads/scenarios"
)

// Ref names a scenario and what is chosen of it. Its text, on command lines, in suites and in records, is NAME or
// NAME:CHOICE,CHOICE, as in dirty-limit:quick,vers=4.0.
type Ref struct {
	Source  string // name in the catalogue, or path of a YAML file: anything with a slash or a .yaml ending
	Choices Choices
}

// Choice is one change to a scenario: a variant of its own, or the value of an axis.
type Choice interface {
	fmt.Stringer // its text in a Ref
	apply(Scenario) (Scenario, error)
}

// Choices are applied in their order.
type Choices []Choice

// ParseRef reads the text of a Ref. A file whose own name has a colon is taken as a file. The error says which choice
// does not exist; whether the scenario has it, Find says.
func ParseRef(text string) (Ref, error) {
	at := strings.LastIndexByte(text, ':')
	if _, err := os.Stat(text); err == nil || at < 0 || strings.ContainsRune(text[at:], '/') {
		return Ref{Source: text}, nil
	}
	r := Ref{Source: text[:at]}
	if err := r.Choices.parse(text[at+1:]); err != nil {
		return Ref{}, fmt.Errorf("scenario %s: %w", r.Source, err)
	}
	return r, nil
}

func (r Ref) String() string {
	if len(r.Choices) == 0 {
		return r.Source
	}
	return r.Source + ":" + r.Choices.String()
}

// MarshalText is for JSON.
func (r Ref) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText is for command lines, YAML and JSON.
func (r *Ref) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRef(string(text))
	return err
}

// With is the reference with more choices.
func (r Ref) With(more ...Choice) Ref {
	r.Choices = slices.Concat(r.Choices, more)
	return r
}

// By is the reference with a fault backend; "" leaves the scenario's own.
func (r Ref) By(b Backend) Ref {
	if b == "" {
		return r
	}
	return r.With(b)
}

// Find reads the scenario, with the text it was read from. Errors are Problems, a
// *NotApplicable, or say that there is no such scenario or variant.
func (r Ref) Find() (Scenario, []byte, error) {
	file := r.Source
	var s Scenario
	var text []byte
	var err error
	if strings.ContainsRune(file, '/') || strings.HasSuffix(file, ".yaml") || strings.HasSuffix(file, ".yml") {
		if text, err = safefile.Read(file, maxFile); err != nil {
			return Scenario{}, nil, fmt.Errorf("scenario: %w", err)
		}
		s, err = Parse(file, text)
	} else {
		var ok bool
		if text, ok = scenarios.Text(file); !ok {
			return Scenario{}, nil, fmt.Errorf("no scenario named %q%s; `loopfault scenario list` shows them", file, DidYouMean(file, scenarios.Names()))
		}
		s, err = parseNamed(file, text)
	}
	if err == nil {
		s, err = s.choose(r.Choices)
	}
	return s, text, err
}

// Find is for references that are given as text.
func Find(ref string) (Scenario, []byte, error) {
	r, err := ParseRef(ref)
	if err != nil {
		return Scenario{}, nil, err
	}
	return r.Find()
}

// Ref is what this scenario is found by, if it is in the catalogue.
func (s Scenario) Ref() Ref { return Ref{s.Name, s.Choices} }

func (c Choices) String() string {
	var list []string
	for _, choice := range c {
		list = append(list, choice.String())
	}
	return strings.Join(list, ",")
}

// MarshalText is for JSON.
func (c Choices) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText is for JSON.
func (c *Choices) UnmarshalText(text []byte) error {
	*c = nil
	if len(text) == 0 {
		return nil
	}
	return c.parse(string(text))
}

func (c *Choices) parse(text string) error {
	for word := range strings.SplitSeq(text, ",") {
		choice, err := parseChoice(word)
		if err != nil {
			return err
		}
		*c = append(*c, choice)
	}
	return nil
}

func parseChoice(text string) (Choice, error) {
	name, value, isAxis := strings.Cut(text, "=")
	switch {
	case !isAxis:
		return Variant(name), nil
	case name == backendAxis:
		return Backend(value), nil
	case name == scheduleAxis:
		var s faults.Schedule
		err := s.UnmarshalText([]byte(value))
		return Schedule(s), err
	case slices.Contains(axisNames, name):
		return property{name, value}, nil
	case slices.Contains(lessNames, name):
		return parseLess(name, value)
	}
	return nil, fmt.Errorf("nothing of it is named %q, want one of %s", name, strings.Join(slices.Concat([]string{backendAxis, scheduleAxis}, axisNames, lessNames), ", "))
}

// choose applies choices, and checks the result.
func (s Scenario) choose(choices Choices) (Scenario, error) {
	for _, choice := range choices {
		changed, err := choice.apply(s)
		if err != nil {
			return s, err
		}
		s = changed
		s.Choices = append(s.Choices, choice)
	}
	if found := check(s); len(found) > 0 { // choices that do not go together
		return s, &NotApplicable{Scenario: s.Ref().String(), Why: found[0].path + ": " + found[0].message}
	}
	return s, nil
}
