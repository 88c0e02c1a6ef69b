package summary

import (
	"fmt"
	"strings"

	"loopfault/results/store"
)

// issueNotes say which hangs and crashes were on the campaign's list of known issues, and which entries of it counted no
// more on the day on which the campaign began.
func issueNotes(m store.Manifest, arms []Arm) (list []string) {
	for _, a := range arms {
		n := 0
		for _, k := range a.Known {
			n += k
		}
		if n == 0 {
			continue
		}
		var which []string
		for _, s := range a.Signatures {
			if s.Known != "" {
				which = append(which, fmt.Sprintf("%s (%s)", s.Title, s.Known))
			}
		}
		list = append(list, fmt.Sprintf("%s: %d of %d trials ended in a known issue and are left out of all rates: %s.", a.Name, n, a.Counted(), strings.Join(which, ", ")))
	}
	for _, k := range m.Known {
		if k.Expired(m.Started) {
			list = append(list, fmt.Sprintf("The entry for known issue %s expired on %s, so it counts again (%s).", k.Name(), k.Until, k.Reason))
		}
	}
	return list
}
