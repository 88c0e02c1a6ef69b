package scenario

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"loopfault/workloads/wire"
)

// Choices that make a scenario smaller, or longer: what a recipe is reduced by. They go
// with any scenario that still makes sense after them.
const (
	runChoice       = "run"
	withoutChoice   = "without"
	processesChoice = "processes"
)

var lessNames = []string{runChoice, withoutChoice, processesChoice}

// Run is the choice of how long the workloads work, in guest time.
type Run wire.Duration

func (r Run) String() string {
	text, _ := wire.Duration(r).MarshalText()
	return runChoice + "=" + string(text)
}

func (r Run) apply(s Scenario) (Scenario, error) {
	s.Run = wire.Duration(r)
	return s, nil
}

// Without is the choice to leave out the workloads, faults and pressures of a kind, named
// as in YAML: recall, failslab, memcg.
type Without string

func (w Without) String() string { return withoutChoice + "=" + string(w) }

func (w Without) apply(s Scenario) (Scenario, error) {
	left := s
	left.Workloads = without(s.Workloads, w)
	left.Faults = without(s.Faults, w)
	left.Pressure = without(s.Pressure, w)
	if has := s.Parts(); !slices.Contains(has, string(w)) {
		return s, &NotApplicable{Scenario: s.Name, Why: fmt.Sprintf("%s: it has %s", w, strings.Join(has, ", "))}
	}
	return left, nil
}

func without[T any](list []T, w Without) []T {
	return slices.DeleteFunc(slices.Clone(list), func(one T) bool { return kindOf(one) == string(w) })
}

// Processes is the choice of how many processes each workload has at most.
type Processes int

func (p Processes) String() string { return fmt.Sprintf("%s=%d", processesChoice, int(p)) }

func (p Processes) apply(s Scenario) (Scenario, error) {
	if p < 1 {
		return s, fmt.Errorf("scenario %s: %s, want at least 1", s.Name, p)
	}
	s.Workloads = slices.Clone(s.Workloads)
	for i := range s.Workloads {
		of := reflect.ValueOf(&s.Workloads[i]).Elem()
		for f := range of.NumField() {
			field := of.Field(f)
			if field.IsNil() || !field.Elem().FieldByName("Processes").IsValid() {
				continue
			}
			fewer := reflect.New(field.Type().Elem())
			fewer.Elem().Set(field.Elem())
			for _, name := range []string{"Processes", "Sharers"} { // of whom there cannot be more
				if n := fewer.Elem().FieldByName(name); n.IsValid() {
					n.SetInt(min(n.Int(), int64(p)))
				}
			}
			field.Set(fewer)
		}
	}
	return s, nil
}

// Parts are the kinds of its workloads, faults and pressures, each once, in this order.
func (s Scenario) Parts() (kinds []string) {
	add := func(kind string) {
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	for _, w := range s.Workloads {
		add(kindOf(w))
	}
	for _, f := range slices.Concat(s.Faults, s.Pressure) {
		add(kindOf(f))
	}
	return kinds
}

// MostProcesses is the largest number of processes that one of its workloads has.
func (s Scenario) MostProcesses() int {
	most := 0
	for _, w := range s.Workloads {
		of := reflect.ValueOf(w)
		for f := range of.NumField() {
			if field := of.Field(f); !field.IsNil() {
				if n := field.Elem().FieldByName("Processes"); n.IsValid() {
					most = max(most, int(n.Int()))
				}
			}
		}
	}
	return most
}

// kindOf is the YAML name of the field that is set in a Workload or Fault.
func kindOf(oneOf any) string {
	v := reflect.ValueOf(oneOf)
	for i := range v.NumField() {
		if !v.Field(i).IsNil() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			return name
		}
	}
	return ""
}

// parseLess reads one of these choices.
func parseLess(name, value string) (Choice, error) {
	switch name {
	case runChoice:
		var d wire.Duration
		err := d.UnmarshalText([]byte(value))
		return Run(d), err
	case withoutChoice:
		return Without(value), nil
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return nil, fmt.Errorf("%s is %q, want a number", name, value)
	}
	return Processes(n), nil
}
