package scenario

import (
	"fmt"
	"maps"
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

// override is what a variant may change. Lists are replaced whole.
type override struct {
	Control   *string          `yaml:"control"`
	Guest     *Guest           `yaml:"guest"`
	Export    *wire.Export     `yaml:"export"`
	Mount     *wire.Mount      `yaml:"mount"`
	Ceph      **wire.Ceph      `yaml:"ceph"`
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
	if s.Ceph != nil { // it is not to be changed for all variants
		own := *s.Ceph
		v.Ceph = &own
	}
	node := s.Variants[name]
	err := node.Load(&override{
		Control: &v.Control,
		Guest:   &v.Guest, Export: &v.Export, Mount: &v.Mount, Ceph: &v.Ceph, Target: &v.Target, Pressure: &v.Pressure, Faults: &v.Faults,
		Workloads: &v.Workloads, Run: &v.Run, Finish: &v.Finish,
	}, yaml.WithKnownFields())
	return v, err
}

// Variant is the choice of one of a scenario's own variants.
type Variant string

func (v Variant) String() string { return string(v) }

func (v Variant) apply(s Scenario) (Scenario, error) {
	if _, ok := s.Variants[string(v)]; ok {
		return s.vary(string(v))
	}
	has := ", and no others"
	if len(s.Variants) > 0 {
		has = "; it has " + strings.Join(slices.Sorted(maps.Keys(s.Variants)), ", ")
	}
	return s, &NotApplicable{Scenario: s.Name, Why: fmt.Sprintf("it has no variant %q%s", v, has)}
}
