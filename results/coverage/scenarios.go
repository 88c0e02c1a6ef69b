package coverage

import (
	"cmp"
	"maps"
	"slices"
)

// Scenario is what trials of one scenario reached.
type Scenario struct {
	Name   string
	Trials int
	Counts Counts
}

// Reach is how many lines and ways of branches.
type Reach struct {
	Lines    int `json:"lines"`
	Branches int `json:"branches"`
}

func (r Reach) sum() int { return r.Lines + r.Branches }

// ScenarioReport is what a scenario contributes.
type ScenarioReport struct {
	Scenario string `json:"scenario"`
	Trials   int    `json:"trials"`
	Size
	Adds  Reach `json:"adds"`  // beyond all scenarios before it in the list
	Alone Reach `json:"alone"` // that no other scenario reaches
}

// point is a line, or a way of a branch of it.
type point struct {
	file string
	line int
	way  int // -1 for the line itself
}

// points are the lines and ways that ran.
func (c Counts) points() map[point]bool {
	all := map[point]bool{}
	for name, s := range c {
		for line, n := range s.Lines {
			if n > 0 {
				all[point{name, line, -1}] = true
			}
		}
		for line, ways := range s.Ways {
			for i, n := range ways {
				if n > 0 {
					all[point{name, line, i}] = true
				}
			}
		}
	}
	return all
}

func (r *Reach) count(p point) {
	if p.way < 0 {
		r.Lines++
	} else {
		r.Branches++
	}
}

// beyond is how many points of a are not in b.
func beyond(a, b map[point]bool) (r Reach) {
	for p := range a {
		if !b[p] {
			r.count(p)
		}
	}
	return r
}

// Scenarios puts scenarios in an order in which each adds the most to those before it: those at the end add
// nothing, and could be left out.
func Scenarios(list []Scenario) []ScenarioReport {
	reached := make([]map[point]bool, len(list))
	times := map[point]int{}
	for i, s := range list {
		reached[i] = s.Counts.points()
		for p := range reached[i] {
			times[p]++
		}
	}
	left := make([]int, len(list))
	for i := range left {
		left[i] = i
	}
	slices.SortFunc(left, func(a, b int) int { return cmp.Compare(list[a].Name, list[b].Name) })
	reports, so := []ScenarioReport{}, map[point]bool{}
	for len(left) > 0 {
		best, adds := 0, Reach{}
		for at, i := range left {
			if r := beyond(reached[i], so); r.sum() > adds.sum() {
				best, adds = at, r
			}
		}
		i := left[best]
		left = slices.Delete(left, best, best+1)
		maps.Copy(so, reached[i])
		r := ScenarioReport{Scenario: list[i].Name, Trials: list[i].Trials, Size: list[i].Counts.Size(), Adds: adds}
		for p := range reached[i] {
			if times[p] == 1 {
				r.Alone.count(p)
			}
		}
		reports = append(reports, r)
	}
	return reports
}

// Difference is what one set of trials reaches and another one does not.
type Difference struct {
	Functions []FunctionOf `json:"functions"`
	Reach
}

// FunctionOf is a function with its file.
type FunctionOf struct {
	File     string `json:"file"`
	Function string `json:"function"`
}

// Beyond is what c reaches and other does not, both of one kernel.
func (c Counts) Beyond(other Counts) Difference {
	d := Difference{Functions: []FunctionOf{}, Reach: beyond(c.points(), other.points())}
	for _, name := range c.names() {
		for _, fn := range slices.Sorted(maps.Keys(c[name].Functions)) {
			if c[name].Functions[fn].Calls > 0 && (other[name] == nil || other[name].Functions[fn].Calls == 0) {
				d.Functions = append(d.Functions, FunctionOf{name, fn})
			}
		}
	}
	return d
}
