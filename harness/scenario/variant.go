package scenario

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"loopfault/results/paths"
	"loopfault/workloads/wire"
)

// NotApplicable is the error of a choice that a scenario excludes.
type NotApplicable struct {
	Scenario string
	Why      string // one line
}

func (n *NotApplicable) Error() string {
	return fmt.Sprintf("scenario %s is not applicable: %s", n.Scenario, n.Why)
}

// Ref is what Find takes to get this scenario.
func (s Scenario) Ref() string {
	if s.Variant == "" {
		return s.Name
	}
	return s.Name + ":" + s.Variant
}

// splitRef separates a name or path from its choices. A file whose own name has
// a colon is taken as a file.
func splitRef(ref string) (name string, choices []string) {
	if _, err := os.Stat(ref); err == nil {
		return ref, nil
	}
	at := strings.LastIndexByte(ref, ':')
	if at < 0 || strings.ContainsRune(ref[at:], '/') {
		return ref, nil
	}
	return ref[:at], strings.Split(ref[at+1:], ",")
}

// override is what a variant may change. Lists are replaced whole.
type override struct {
	Control   *string          `yaml:"control"`
	Guest     *Guest           `yaml:"guest"`
	Export    *wire.Export     `yaml:"export"`
	Mount     *wire.Mount      `yaml:"mount"`
	Target    *paths.Target    `yaml:"target"`
	Pressure  *[]Fault         `yaml:"pressure"`
	Faults    *[]Fault         `yaml:"faults"`
	Workloads *[]wire.Workload `yaml:"workloads"`
	Run       *wire.Duration   `yaml:"run"`
	Finish    *Finish          `yaml:"finish"`
}

// vary gives the scenario with the differences of one of its variants. The
// error is the YAML library's.
func (s Scenario) vary(name string) (Scenario, error) {
	v := s
	node := s.Variants[name]
	err := node.Load(&override{
		Control: &v.Control,
		Guest:   &v.Guest, Export: &v.Export, Mount: &v.Mount, Target: &v.Target, Pressure: &v.Pressure, Faults: &v.Faults,
		Workloads: &v.Workloads, Run: &v.Run, Finish: &v.Finish,
	}, yaml.WithKnownFields())
	return v, err
}

// axis is a property of a scenario that may be chosen among the applicable
// values.
type axis struct {
	name           string
	value          *string
	applies, known []string
}

func (s *Scenario) axes() []axis {
	return []axis{
		{"vers", &s.Mount.Vers, s.Applies.Vers, nfsVersions},
		{"fs", &s.Export.FS, s.Applies.FS, fileSystems},
		{"layout", &s.Mount.Layout, s.Applies.Layout, wire.Layouts},
	}
}

// choose applies variants and axes, in the order in which they are given.
func (s Scenario) choose(choices []string) (Scenario, error) {
	for _, choice := range choices {
		name, value, isAxis := strings.Cut(choice, "=")
		var err error
		if isAxis {
			err = s.turn(name, value)
		} else {
			s, err = s.variant(name)
		}
		if err != nil {
			return s, err
		}
		s.Variant = strings.TrimPrefix(s.Variant+","+choice, ",")
	}
	if found := check(s); len(found) > 0 { // variants that do not go together
		return s, &NotApplicable{Scenario: s.Ref(), Why: found[0].path + ": " + found[0].message}
	}
	return s, nil
}

func (s Scenario) variant(name string) (Scenario, error) {
	if _, ok := s.Variants[name]; !ok {
		var known []string
		for v := range s.Variants {
			known = append(known, v)
		}
		if len(known) == 0 {
			return s, &NotApplicable{Scenario: s.Name, Why: fmt.Sprintf("it has no variant %q, and no others", name)}
		}
		slices.Sort(known)
		return s, &NotApplicable{Scenario: s.Name, Why: fmt.Sprintf("it has no variant %q; it has %s", name, strings.Join(known, ", "))}
	}
	return s.vary(name)
}

// turn sets an axis.
func (s *Scenario) turn(name, value string) error {
	switch name {
	case backendAxis:
		return s.failBy(value)
	case scheduleAxis:
		return s.follow(value)
	}
	names := []string{backendAxis, scheduleAxis}
	for _, a := range s.axes() {
		names = append(names, a.name)
		if a.name != name {
			continue
		}
		if !slices.Contains(a.known, value) {
			return fmt.Errorf("scenario %s: %s is %q, want one of %s", s.Name, name, value, strings.Join(a.known, ", "))
		}
		applies := a.applies
		if len(applies) == 0 {
			applies = []string{*a.value}
		}
		if !slices.Contains(applies, value) {
			why := fmt.Sprintf("%s %s, want %s", name, value, strings.Join(applies, ", "))
			if s.Applies.Why != "" {
				why += ": " + s.Applies.Why
			}
			return &NotApplicable{Scenario: s.Name, Why: why}
		}
		*a.value = value
		return nil
	}
	return fmt.Errorf("scenario %s: nothing of it is named %q, want one of %s", s.Name, name, strings.Join(names, ", "))
}
