package hunt

import (
	"context"
	"fmt"
	"time"

	"loopfault/harness/matrix"
	"loopfault/harness/scenario"
	"loopfault/results/verdict"
	"loopfault/results/words"
)

// firsts are the first turns of all scenarios, in their order.
func firsts(list []*place, seed uint64) (refs []scenario.Ref) {
	for i, p := range list {
		refs = append(refs, p.ref(drawing(seed, i+1)))
	}
	return refs
}

// onEngine has the first turns run by the engine, and goes on here with their results: that of the smallest number that
// hung, or else further turns. Which host was quicker changes nothing in that: all turns of smaller numbers have ended.
func (h *Hunt) onEngine(ctx context.Context, list []*place) error {
	refs := firsts(list, h.Seed)
	err := h.Engine.firsts(ctx, h.For, refs)
	h.worked = time.Duration(h.Engine.Record.Worked * float64(time.Second))
	var hung *Turn
	waiting := 0
	var in scenario.Ref
	for i, p := range list {
		is := h.Engine.Record.Firsts[i]
		if is.unfit() {
			p.why = is.Why
			h.found.Left = append(h.found.Left, Left{p.scenario.Name, p.why})
			fmt.Fprintf(h.Text, "%s: %s\n", p.scenario.Name, p.why)
			continue
		}
		if is.lost() {
			h.found.Lost = append(h.found.Lost, Left{p.scenario.Name, is.Why})
			fmt.Fprintf(h.Text, "%s was lost: %s\n", refs[i], is.Why)
		}
		if is.Run == "" {
			if is.State == matrix.Waiting {
				waiting++
			}
			continue // its first turn is here, if there is time
		}
		t, lerr := h.Engine.look(is)
		if lerr != nil {
			return lerr
		}
		p.took(t)
		h.take(i+1, refs[i], t)
		switch {
		case t.Hung == nil:
		case hung == nil:
			hung, in = &t, refs[i]
		default:
			one := t.Hung
			h.found.Also = append(h.found.Also, Also{one.Verdict.Kind, one.Title, one.Signature, refs[i].String(), t.hungIn()})
		}
	}
	switch {
	case err != nil:
		return err
	case hung == nil:
		if waiting > 0 {
			fmt.Fprintf(h.Text, "no time was left for the first turns of %s\n", words.Count(waiting, "scenario"))
		}
		return h.through(ctx, list, len(list)+1)
	}
	for _, also := range h.found.Also {
		fmt.Fprintf(h.Text, "%s %s, too: %s; evidence: %s\n", also.Scenario, map[verdict.Kind]string{verdict.Hang: "hung", verdict.Crash: "crashed"}[also.Kind], also.Title, also.Dir)
	}
	return h.pursue(ctx, in, *hung)
}
