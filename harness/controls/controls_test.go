package controls_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/controls"
	"loopfault/harness/scenario"
	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/results/waitfor"
	"loopfault/vmimages/kernel"
	"loopfault/workloads/scenarios"
)

func TestEveryControlOfTheCatalogueHasItsRow(t *testing.T) {
	var inCatalogue, inTable []string
	for _, name := range kernel.CatalogueNames() { // of all series
		if strings.HasPrefix(name, "control-") || strings.HasPrefix(name, "history-") {
			inCatalogue = append(inCatalogue, name)
		}
	}
	mechanisms, silent := map[string]bool{}, 0
	for _, c := range controls.All() {
		inTable = append(inTable, c.Kernel)
		mechanisms[c.Mechanism] = true
		if c.Silent {
			silent++
			assert.NotContains(t, c.SeenBy, verdict.Khungtaskd, c.Kernel)
		}
		_, _, err := scenario.Find(c.Scenario)
		assert.NoError(t, err, c.Kernel)
		assert.NotEmpty(t, c.SeenBy, c.Kernel)
		assert.NotEmpty(t, c.Titles, c.Kernel)
		assert.NotEmpty(t, c.Classes, c.Kernel)
		assert.Equal(t, 1, strings.Count(c.Explains+" ", ". "), "%s is explained in one sentence", c.Kernel)
	}
	for _, m := range controls.Missing() {
		inTable = append(inTable, m.Kernel)
		assert.NotEmpty(t, m.Tried, m.Kernel)
		for _, ref := range m.Tried {
			_, _, err := scenario.Find(ref)
			assert.NoError(t, err, m.Kernel)
		}
		assert.Equal(t, 1, strings.Count(m.Why+" ", ". "), "%s: why in one sentence", m.Kernel)
	}
	assert.ElementsMatch(t, inCatalogue, inTable)
	assert.GreaterOrEqual(t, len(mechanisms), 8, "planted bugs over different mechanisms")
	assert.GreaterOrEqual(t, silent, 2, "some that khungtaskd does not see")
}

var control = controls.Control{
	Kernel: "control-x", Scenario: "x", Mechanism: "x", Explains: "X waits for y.",
	Classes: []waitfor.Class{waitfor.Lost}, SeenBy: []string{verdict.TaskWatch}, Silent: true, Titles: []string{"nfs_x", "nfs_y"}, Blames: []string{"nfs_x"},
}

// good are trials with nothing to object to: two hangs, and a trial that missed the bug.
func good() []controls.Seen {
	pair := func(n int, title string) controls.Seen {
		return controls.Seen{
			Trial: store.Trial{Planned: store.Planned{N: n}, WorkSeconds: float64(n), Verdict: verdict.Verdict{
				Kind: verdict.Hang, Title: "INFO: task hung in " + title, Detectors: []string{verdict.TaskWatch},
			}},
			Reports: []kernelreport.Report{{
				Kind: kernelreport.KindProcStack, Detector: verdict.TaskWatch,
				Tasks: []kernelreport.Task{{Role: kernelreport.RoleVictim, BlameFrame: title}},
			}},
			Explanation: waitfor.Explanation{Class: waitfor.Lost, Sentence: "lost wake-up: " + title},
		}
	}
	return []controls.Seen{pair(1, "nfs_x"), pair(2, "nfs_y"), {Trial: store.Trial{Planned: store.Planned{N: 3}, Verdict: verdict.Verdict{Kind: verdict.Clean}}}}
}

func TestProblemsSayWhatWasNotSeen(t *testing.T) {
	assert.Empty(t, control.Problems(good()))
	for want, spoil := range map[string]func([]controls.Seen) []controls.Seen{
		"no trial of 1 hung: clean": func(s []controls.Seen) []controls.Seen { return s[2:] },
		"task watch saw it in none of the 2 trials": func(s []controls.Seen) []controls.Seen {
			s[0].Trial.Detectors, s[1].Trial.Detectors = nil, nil
			return s
		},
		"trial 2: khungtaskd was to say nothing, and printed 1 lines": func(s []controls.Seen) []controls.Seen {
			s[1].Console = "[   28.4] INFO: task umount:193 blocked for more than 10 seconds.\n"
			return s
		},
		`trial 1: title "INFO: task hung in nfs_xy" names none of nfs_x, nfs_y`: func(s []controls.Seen) []controls.Seen {
			s[0].Trial.Title = "INFO: task hung in nfs_xy"
			return s
		},
		"explained as none of [lost wake-up] but as slow 2: slow: x": func(s []controls.Seen) []controls.Seen {
			s[0].Explanation = waitfor.Explanation{Class: waitfor.Slow, Sentence: "slow: x"}
			s[1].Explanation = s[0].Explanation
			return s
		},
		"no report blames any of nfs_x; blamed were nfs_y 1": func(s []controls.Seen) []controls.Seen { return s[1:] },
	} {
		problems := control.Problems(spoil(good()))
		if assert.Len(t, problems, 1, want) {
			assert.Contains(t, problems[0], want)
		}
	}
}

func TestRowSumsTrialsUp(t *testing.T) {
	all := good()
	all[0].Trial.Confirmed = &verdict.Confirmation{How: verdict.Proven, Lasted: 18.5}
	all[0].Console = "INFO: task a:1 blocked in I/O wait for more than 10 seconds.\nINFO: task b:2 blocked for more than 20 seconds.\n"
	assert.Equal(t, "| control-x (x) | x | 2 of 3 | task watch 2 | 2, 0 | task hung in nfs_x 1, task hung in nfs_y 1 | nfs_x 1, nfs_y 1 | lost wake-up 2 | lost wake-up: nfs_x | 1.5 | proven 1 | 18.5 | X waits for y. |\n", control.Row(all))
	head, _, _ := strings.Cut(controls.TableHead, "\n")
	require.Equal(t, strings.Count(head, "|"), strings.Count(control.Row(all), "|"))
	assert.Contains(t, control.Row(slices.Clone(all[2:])), "| 0 of 1 | none | - |")
}

// What a scenario calls its control has a row that says so.
func TestScenariosNameControlsThatAreTested(t *testing.T) {
	pairs := map[string]string{}
	for _, c := range controls.All() {
		for _, s := range append(c.Also, c.Scenario) {
			pairs[s+" "+c.Kernel] = c.Mechanism
		}
	}
	for _, name := range scenarios.Names() {
		s, _, err := scenario.Find(name)
		require.NoError(t, err)
		if s.Control != "" {
			assert.Contains(t, pairs, name+" "+s.Control)
		}
		for variant := range s.Variants {
			v, _, err := scenario.Find(name + ":" + variant)
			require.NoError(t, err)
			if v.Control != s.Control {
				assert.Contains(t, pairs, v.Ref().String()+" "+v.Control)
			}
		}
	}
}
