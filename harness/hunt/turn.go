// Package hunt looks for any hang of a kernel. It gives turns to the scenarios of the catalogue, and more turns, of longer
// and other kinds, to those in which something nearly hung; what hangs is made smaller, down to a recipe of one command.
//
// Which turn comes next depends on the seed and on the results so far alone, never on the clock: a hunt that was
// interrupted goes on where it was when the same command is given again.
package hunt

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"loopfault/harness/scenario"
	"loopfault/workloads/scenarios"
)

// place is a scenario in which a hang may be, and what its turns so far were like.
type place struct {
	scenario scenario.Scenario // without choices
	turns    int
	near     float64 // how near to a hang its nearest trial came, see Nearness
	why      string  // why it has no more turns; "" while it has
}

// first are the groups whose scenarios have their first turn first: the broadest and quickest.
var first = []string{"quick", "auto"}

// places are all scenarios of the catalogue, in the order of their first turns, but for dangerous ones and those about
// Ceph, for which other kernels and another root image would be built.
func places() (list []*place, err error) {
	for _, name := range scenarios.Names() {
		s, _, err := scenario.Find(name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(s.Groups, scenario.Dangerous) && len(s.Flavours()) == 0 {
			list = append(list, &place{scenario: s})
		}
	}
	slices.SortStableFunc(list, func(a, b *place) int { return cmp.Compare(a.rank(), b.rank()) })
	return list, nil
}

func (p *place) rank() int {
	for i, group := range first {
		if slices.Contains(p.scenario.Groups, group) {
			return i
		}
	}
	return len(first)
}

// took counts a turn.
func (p *place) took(t Turn) {
	p.turns++
	p.near = max(p.near, t.Near)
}

// next is the place whose turn it is, nil if none is left: each has one turn, and from then on whichever came
// nearest to a hang, with a bonus for those that had few turns (the rule is UCB1, from the theory of bandits).
func next(list []*place) *place {
	turns := 0
	for _, p := range list {
		turns += p.turns
	}
	var best *place
	most := math.Inf(-1)
	for _, p := range list {
		if p.why != "" {
			continue
		}
		if p.turns == 0 {
			return p
		}
		const curious = 0.5 // weight of few turns against nearness, which is 0 to 1 below a hang
		if value := p.near + curious*math.Sqrt(math.Log(float64(turns))/float64(p.turns)); value > most {
			best, most = p, value
		}
	}
	return best
}

// ref is what the next turn of the place runs: first the quick variant, then its faults by a debugger where they can
// be, then the whole scenario on its own and on other NFS versions, file systems and layouts, as draw has it.
func (p *place) ref(draw *rand.Rand) scenario.Ref {
	whole := p.scenario.Ref()
	quick := whole.With(scenario.Variant("quick"))
	var wanted []scenario.Ref
	switch p.turns {
	case 0:
		wanted = []scenario.Ref{quick}
	case 1:
		wanted = []scenario.Ref{quick.By(scenario.Callsite)}
	case 2:
	default:
		wanted = []scenario.Ref{whole.With(p.axes(draw)...)}
	}
	for _, r := range append(wanted, whole) {
		if _, _, err := r.Find(); err == nil {
			return r
		}
	}
	return whole
}

// axes draws a value for each of the axes that the scenario has several of; its own value is as likely as any.
func (p *place) axes(draw *rand.Rand) (choices []scenario.Choice) {
	s := p.scenario
	for _, a := range []struct {
		values []string
		own    string
		choose func(string) scenario.Choice
	}{
		{s.Applies.Vers, s.Mount.Vers, scenario.Vers}, {s.Applies.FS, s.Export.FS, scenario.FS}, {s.Applies.Layout, s.Mount.Layout, scenario.Layout},
	} {
		if len(a.values) < 2 {
			continue
		}
		if v := a.values[draw.IntN(len(a.values))]; v != a.own {
			choices = append(choices, a.choose(v))
		}
	}
	return choices
}

// drawing is the source of the random choices of a turn.
func drawing(seed uint64, turn int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(turn))) }
