package matrix

import (
	"slices"

	"loopfault/harness/scenario"
	"loopfault/workloads/scenarios"
)

const dangerous = "dangerous"

// InGroups lists the scenarios of the catalogue that are in one of the groups.
// Dangerous ones are listed only when that group is named.
func InGroups(groups []string) (names []string, err error) {
	for _, name := range scenarios.Names() {
		s, _, err := scenario.Find(name)
		if err != nil {
			return nil, err
		}
		if slices.Contains(s.Groups, dangerous) && !slices.Contains(groups, dangerous) {
			continue
		}
		if slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(s.Groups, g) }) {
			names = append(names, name)
		}
	}
	return names, nil
}
