package matrix

import (
	"slices"

	"loopfault/harness/scenario"
	"loopfault/workloads/scenarios"
)

// AddGroups adds the scenarios of the catalogue that are in one of the groups and not named already.
// Dangerous ones are added only when that group is named.
func (r *Request) AddGroups(groups []string) error {
	for _, name := range scenarios.Names() {
		s, _, err := scenario.Find(name)
		if err != nil {
			return err
		}
		if slices.Contains(s.Groups, scenario.Dangerous) && !slices.Contains(groups, scenario.Dangerous) {
			continue
		}
		named := slices.ContainsFunc(r.Scenarios, func(ref scenario.Ref) bool { return ref.String() == name })
		if !named && slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(s.Groups, g) }) {
			r.Scenarios = append(r.Scenarios, s.Ref())
		}
	}
	return nil
}
