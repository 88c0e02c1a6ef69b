package html

import (
	"fmt"
	"html/template"
	"strings"

	"loopfault/results/report/model"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// scale is the end of the axis of hang rates: the smallest of some round numbers that holds all intervals.
func scale(arms []summary.Arm) float64 {
	high := 0.0
	for _, a := range arms {
		if a.Counted() > 0 {
			high = max(high, a.Interval[1])
		}
	}
	for _, end := range []float64{0.01, 0.02, 0.05, 0.1, 0.2, 0.5} {
		if high <= end {
			return end
		}
	}
	return 1
}

// rates draws the hang rate of one arm with its interval, on the axis that all arms share.
func rates(all []summary.Arm, a summary.Arm) template.HTML {
	if a.Counted() == 0 {
		return "–"
	}
	const width, height = 180.0, 16
	end := scale(all)
	x := func(rate float64) float64 { return 4 + (width-8)*rate/end }
	return template.HTML(fmt.Sprintf(`<svg class="rate" viewBox="0 0 %.0f %d" role="img" aria-label="%s, interval %s to %s">`+
		`<path class="axis" d="M4 8H%.0f"/><path class="ci" d="M%.1f 8H%.1f"/><circle cx="%.1f" cy="8" r="4"/></svg><small class="scale">0 to %.0f %%</small>`,
		width, height, model.Percent(a.HangRate), model.Percent(a.Interval[0]), model.Percent(a.Interval[1]),
		width-4, x(a.Interval[0]), x(a.Interval[1]), x(a.HangRate), 100*end))
}

// Sizes of the strip of trials.
const (
	cell    = 14
	perLine = 50
)

// strip draws the trials of one arm in their order, a square for each.
func strip(r model.Run, arm string) template.HTML {
	var b strings.Builder
	n := 0
	for _, t := range r.Trials {
		if t.Arm != arm {
			continue
		}
		fmt.Fprintf(&b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d"><title>trial %d: %s</title></rect>`,
			class(t.Verdict.Kind), n%perLine*cell, n/perLine*cell, cell-2, cell-2, t.N, template.HTMLEscapeString(string(t.Verdict.Kind)))
		if t.Verdict.Kind == verdict.Hang || t.Verdict.Kind == verdict.Stall || t.Verdict.Kind == verdict.Crash { // told by more than colour
			fmt.Fprintf(&b, `<path class="mark" d="M%d %dl%d %d"/>`, n%perLine*cell+2, n/perLine*cell+2, cell-6, cell-6)
		}
		n++
	}
	if n == 0 {
		return ""
	}
	width, height := min(n, perLine)*cell, (n+perLine-1)/perLine*cell
	return template.HTML(fmt.Sprintf(`<svg class="strip" viewBox="0 0 %d %d" style="max-width:%dpx" role="img" aria-label="%d trials in their order">%s</svg>`,
		width, height, width, n, b.String()))
}
