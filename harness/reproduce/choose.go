package reproduce

import (
	"cmp"
	"slices"
	"strings"

	"loopfault/harness/scenario"
	"loopfault/results/kernelreport"
)

// Candidate is a scenario that may lead to one of the hangs of a text.
type Candidate struct {
	scenario.Ranked                     // Score is how well it fits, all things considered
	Hang            kernelreport.Report // of the text, the one that it fits best
	Agrees          []string            // what fits beside the functions
	Differs         []string            // and what does not
}

// Choose finds the scenarios that fit any hang of a text, those that fit best first. There may be none: running unrelated
// scenarios would only cost time.
func Choose(t Told) (fitting []Candidate, err error) {
	best := map[string]Candidate{}
	for _, hang := range t.Hangs {
		ranked, err := scenario.Rank(hang.Traits().Telling)
		if err != nil {
			return nil, err
		}
		for _, r := range ranked {
			c := Candidate{Ranked: r, Hang: hang}
			c.Score, c.Agrees, c.Differs = score(r, hang, t)
			if c.Score > best[r.Scenario.Name].Score {
				best[r.Scenario.Name] = c
			}
		}
	}
	for _, c := range best {
		fitting = append(fitting, t.as(c))
	}
	slices.SortFunc(fitting, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Scenario.Name, b.Scenario.Name))
	})
	return fitting, nil
}

// as is a scenario with the version and the layout that the text tells, where it makes sense with them.
func (t Told) as(c Candidate) Candidate {
	choose := func(by func(string) scenario.Choice, told, applies []string, now string) {
		if len(told) != 1 || told[0] == now || !slices.Contains(applies, told[0]) {
			return
		}
		if s, text, err := c.Scenario.Ref().With(by(told[0])).Find(); err == nil {
			c.Scenario, c.Text = s, text
		}
	}
	choose(scenario.Vers, t.Vers, c.Scenario.Applies.Vers, c.Scenario.Mount.Vers)
	choose(scenario.Layout, t.Layouts, c.Scenario.Applies.Layout, c.Scenario.Mount.Layout)
	return c
}

// Missing says what a scenario would have to cover, or a report to hold, for one to fit.
func Missing(t Told) string {
	const most = 5
	var functions []string
	for _, hang := range t.Hangs {
		functions = with(functions, hang.Traits().Telling...)
	}
	if len(functions) == 0 {
		return "a stack that tells more than that a task waits"
	}
	return "a scenario about " + strings.Join(functions[:min(len(functions), most)], ", ")
}
