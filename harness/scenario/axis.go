package scenario

import (
	"fmt"
	"slices"
	"strings"

	"loopfault/workloads/wire"
)

// axisNames are the properties that may be chosen among the values that a scenario applies to, in the order of axes.
var axisNames = []string{"vers", "fs", "layout", "localio", "sec"}

// axis is such a property of a scenario.
type axis struct {
	name           string
	value          *string
	applies, known []string
}

// axes are those of NFS; scenarios of other file systems have none.
func (s *Scenario) axes() []axis {
	if s.Ceph != nil {
		return nil
	}
	return []axis{
		{axisNames[0], &s.Mount.Vers, s.Applies.Vers, nfsVersions},
		{axisNames[1], &s.Export.FS, s.Applies.FS, fileSystems},
		{axisNames[2], &s.Mount.Layout, s.Applies.Layout, wire.Layouts},
		{axisNames[3], &s.Mount.LocalIO, s.Applies.LocalIO, localIO},
		{axisNames[4], &s.Mount.Sec, s.Applies.Sec, securities},
	}
}

// property is the choice of a value of an axis.
type property struct{ axis, value string }

// Vers is the choice of an NFS version.
func Vers(v string) Choice { return property{axisNames[0], v} }

// FS is the choice of an exported file system.
func FS(fs string) Choice { return property{axisNames[1], fs} }

// Layout is the choice of a pNFS layout.
func Layout(l string) Choice { return property{axisNames[2], l} }

func (p property) String() string { return p.axis + "=" + p.value }

func (p property) apply(s Scenario) (Scenario, error) {
	axes := s.axes() // they point into s
	if len(axes) == 0 {
		return s, &NotApplicable{Scenario: s.Name, Why: fmt.Sprintf("%s %s: it is about Ceph", p.axis, p.value)}
	}
	a := axes[slices.Index(axisNames, p.axis)]
	if !slices.Contains(a.known, p.value) {
		return s, fmt.Errorf("scenario %s: %s is %q, want one of %s", s.Name, p.axis, p.value, strings.Join(a.known, ", "))
	}
	applies := a.applies
	if len(applies) == 0 {
		applies = []string{*a.value}
	}
	if !slices.Contains(applies, p.value) {
		why := fmt.Sprintf("%s %s, want %s", p.axis, p.value, strings.Join(applies, ", "))
		if s.Applies.Why != "" {
			why += ": " + s.Applies.Why
		}
		return s, &NotApplicable{Scenario: s.Name, Why: why}
	}
	*a.value = p.value
	return s, nil
}
