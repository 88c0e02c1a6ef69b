package html

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"loopfault/results/report/model"
	"loopfault/results/report/plain"
)

// Sizes of a timeline in pixels.
const (
	wide       = 760
	left       = 92 // for the names of the rows
	rateHeight = 70
	row        = 18
	topRoom    = 8
	axisRoom   = 22
	mostRows   = 8 // of blocked tasks
)

// drawing is a timeline that grows downwards.
type drawing struct {
	strings.Builder
	l *model.Timeline
	y float64
}

// drawTimeline draws one trial: rate of the workloads, then a row each for faults, pressure and blocked tasks, over
// the guest's clock.
func drawTimeline(l model.Timeline) template.HTML {
	d := &drawing{l: &l, y: topRoom}
	d.rate()
	for _, s := range rows(l.Faults) {
		d.spans("faults", "fault", s)
	}
	if len(l.Landed) > 0 {
		d.landed()
	}
	for _, s := range rows(l.Pressure) {
		d.spans("pressure", "pressure", s)
	}
	d.blocked()
	bottom := d.y
	d.axis(bottom)
	if at := l.Trial.HangAt; at > 0 {
		fmt.Fprintf(d, `<path class="t-hang" d="M%.1f %dV%.1f"/><text class="t-hang" x="%.1f" y="%.1f" text-anchor="end">hang seen, %.0f s</text>`,
			d.x(at), topRoom, bottom, d.x(at)-4, topRoom+12.0, at)
	}
	height := bottom + axisRoom
	return template.HTML(fmt.Sprintf(`<div class="scroll"><svg class="timeline" viewBox="0 0 %d %.0f" role="img" aria-label="timeline of trial %d">%s</svg></div>`,
		wide, height, l.Trial.N, d.String()))
}

// x is where a time lies.
func (d *drawing) x(t float64) float64 {
	t = min(max(t, d.l.From), d.l.To)
	return left + (wide-left-10)*(t-d.l.From)/(d.l.To-d.l.From)
}

func (d *drawing) name(y float64, text string) {
	fmt.Fprintf(d, `<text x="%d" y="%.1f" text-anchor="end">%s</text>`, left-8, y, template.HTMLEscapeString(text))
}

func (d *drawing) rate() {
	high := 1.0
	for _, r := range d.l.Rate {
		high = max(high, r.PerSecond)
	}
	base := d.y + rateHeight
	d.name(d.y+12, fmt.Sprintf("%.0f ops/s", high))
	d.name(base, "0")
	fmt.Fprintf(d, `<path class="t-axis" d="M%d %.1fH%d"/>`, left, base, wide-10)
	if len(d.l.Rate) > 0 {
		fmt.Fprintf(d, `<path class="t-rate" d="M%.1f %.1f`, d.x(d.l.Rate[0].T), base)
		for _, r := range d.l.Rate {
			fmt.Fprintf(d, "L%.1f %.1f", d.x(r.T), base-(rateHeight-6)*r.PerSecond/high)
		}
		fmt.Fprintf(d, `L%.1f %.1fZ"/>`, d.x(d.l.Rate[len(d.l.Rate)-1].T), base)
	}
	d.y = base + 8
}

// rows puts spans of one text into one row each.
func rows(spans []model.Span) [][]model.Span {
	var list [][]model.Span
	at := map[string]int{}
	for _, s := range spans {
		i, ok := at[s.Text]
		if !ok {
			i = len(list)
			at[s.Text] = i
			list = append(list, nil)
		}
		list[i] = append(list[i], s)
	}
	return list
}

func (d *drawing) spans(name, class string, spans []model.Span) {
	d.name(d.y+12, name)
	first := math.Inf(1)
	for _, s := range spans {
		from, to := d.x(s.From), d.x(s.To)
		first = min(first, from)
		fmt.Fprintf(d, `<rect class="t-%s" x="%.1f" y="%.1f" width="%.1f" height="%d"/>`, class, from, d.y, max(to-from, 2), row-4)
	}
	room := int(wide-10-first) / 6 // letters that fit
	fmt.Fprintf(d, `<text x="%.1f" y="%.1f" class="on">%s</text>`, first+4, d.y+11, escaped(spans[0].Text, room))
	d.y += row
}

func (d *drawing) landed() {
	d.name(d.y+12, "landed")
	for _, t := range d.l.Landed {
		fmt.Fprintf(d, `<path class="t-landed" d="M%.1f %.1fv%d"/>`, d.x(t), d.y, row-4)
	}
	d.y += row
}

func (d *drawing) blocked() {
	for i, s := range d.l.Blocked {
		if i == mostRows {
			d.name(d.y+12, fmt.Sprintf("… %d more", len(d.l.Blocked)-i))
			d.y += row
			return
		}
		if i == 0 {
			d.name(d.y+12, "blocked")
		}
		fmt.Fprintf(d, `<rect class="t-blocked" x="%.1f" y="%.1f" width="%.1f" height="%d"/><text x="%.1f" y="%.1f" class="on">%s</text>`,
			d.x(s.From), d.y, max(d.x(s.To)-d.x(s.From), 2), row-4, d.x(s.From)+4, d.y+11, escaped(s.Text, int(wide-10-d.x(s.From))/6))
		d.y += row
	}
}

// axis draws the time, and where phases begin.
func (d *drawing) axis(bottom float64) {
	for _, p := range d.l.Phases {
		fmt.Fprintf(d, `<path class="t-phase" d="M%.1f %dV%.1f"><title>%s</title></path>`, d.x(p.T), topRoom, bottom, escaped(p.Text, 60))
	}
	fmt.Fprintf(d, `<path class="t-axis" d="M%d %.1fH%d"/>`, left, bottom, wide-10)
	step := 1.0
	for _, s := range []float64{2, 5, 10, 20, 60, 120, 300, 600} {
		if (d.l.To-d.l.From)/step > 12 {
			step = s
		}
	}
	for t := math.Ceil(d.l.From/step) * step; t <= d.l.To; t += step {
		fmt.Fprintf(d, `<text x="%.1f" y="%.1f" text-anchor="middle">%.0f s</text>`, d.x(t), bottom+15, t)
	}
}

// escaped is text of the guest, at most so many letters of it.
func escaped(s string, letters int) string {
	r := []rune(plain.Line(s))
	if len(r) > max(letters, 1) {
		r = append(r[:max(letters, 1)-1:max(letters, 1)-1], '…')
	}
	return template.HTMLEscapeString(string(r))
}
