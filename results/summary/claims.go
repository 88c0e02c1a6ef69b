package summary

import (
	"fmt"
	"slices"

	"loopfault/results/observe"
	"loopfault/results/words"
)

// ClaimRow is what was counted of one claim about the mechanism, arm by arm.
type ClaimRow struct {
	Claim string
	Says  string
	Cells []ClaimCell // of the arms that counted it, in their order
}

// ClaimCell is one arm's count.
type ClaimCell struct {
	Arm string
	observe.Observed
	Counted int // trials of the arm
}

// String is "seen 29 times in 3 of 4 trials, of 73 chances", or why that is not known.
func (c ClaimCell) String() string {
	text := fmt.Sprintf("seen %s in %d of %s, of %s", words.Count(c.Seen, "time"), c.Trials, words.Count(c.Counted, "trial"), words.Count(c.Chances, "chance"))
	switch {
	case c.Unknown != "" && c.Chances == 0:
		return "not known: " + c.Unknown
	case c.Seen == 0:
		text = fmt.Sprintf("never seen in %s", words.Count(c.Chances, "chance"))
	}
	if c.Unknown != "" {
		text += fmt.Sprintf("; not known in %s: %s", words.Count(c.UnknownIn, "trial"), c.Unknown)
	}
	return text
}

// Claims are all claims that were counted, in the order of the scenario.
func (s Summary) Claims() (rows []ClaimRow) {
	for _, a := range s.Arms {
		for _, o := range a.Observed {
			i := slices.IndexFunc(rows, func(r ClaimRow) bool { return r.Claim == o.Claim })
			if i < 0 {
				i = len(rows)
				rows = append(rows, ClaimRow{Claim: o.Claim, Says: o.Says})
			}
			rows[i].Cells = append(rows[i].Cells, ClaimCell{Arm: a.Name, Observed: o, Counted: a.Trials})
		}
	}
	return rows
}
