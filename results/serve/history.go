package serve

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"loopfault/results/index"
	"loopfault/results/report/model"
	"loopfault/results/stats"
	"loopfault/results/verdict"
)

type historyPage struct {
	frame
	Scenario  string
	Scenarios []string
	Series    []series
}

// series is one kernel's hang rate over time.
type series struct {
	Kernel string
	Points []point // oldest first
}

type point struct {
	index.Point
	Trials    int // that count
	Hangs     int
	Rate      float64
	Low, High float64 // of the interval
}

// Newest are the last points, newest first.
func (s series) Newest() []point {
	const most = 20
	list := slices.Clone(s.Points[max(len(s.Points)-most, 0):])
	slices.Reverse(list)
	return list
}

func (s *Server) history(b *bytes.Buffer, r *http.Request) error {
	p := historyPage{frame: newFrame("hang rates over time"), Scenario: r.URL.Query().Get("scenario")}
	var err error
	if p.Scenarios, err = s.Index.Scenarios(r.Context()); err != nil {
		return err
	}
	if p.Scenario == "" && len(p.Scenarios) > 0 {
		p.Scenario = p.Scenarios[0]
	}
	points, err := s.Index.History(r.Context(), p.Scenario, "")
	if err != nil {
		return err
	}
	p.Series = seriesOf(points)
	return pages.ExecuteTemplate(b, "history", p)
}

// seriesOf sorts points by kernel, in the order in which kernels come up.
func seriesOf(points []index.Point) []series {
	var list []series
	for _, p := range points {
		c := p.Counts
		n := point{Point: p, Trials: verdict.Counted(c), Hangs: c[verdict.Hang]}
		if n.Trials == 0 {
			continue
		}
		n.Rate = float64(n.Hangs) / float64(n.Trials)
		n.Low, n.High = stats.Interval(n.Hangs, n.Trials)
		i := slices.IndexFunc(list, func(s series) bool { return s.Kernel == p.Kernel })
		if i < 0 {
			i = len(list)
			list = append(list, series{Kernel: p.Kernel})
		}
		list[i].Points = append(list[i].Points, n)
	}
	return list
}

// Sizes of a chart in pixels.
const (
	chartWide, chartHigh = 760, 150
	chartLeft, chartLow  = 48, 24
)

// chart draws hang rates with their intervals over time; runs are spaced evenly, since they come in bursts.
func chart(s series) template.HTML {
	high := 0.02
	for _, p := range s.Points {
		high = max(high, p.High)
	}
	y := func(rate float64) float64 { return 8 + (chartHigh-chartLow-8)*(1-rate/high) }
	var b strings.Builder
	fmt.Fprintf(&b, `<path class="t-axis" d="M%d %.1fH%dM%d %.1fH%d"/><text x="%d" y="%.1f" text-anchor="end">%.0f %%</text><text x="%d" y="%.1f" text-anchor="end">0</text>`,
		chartLeft, y(0), chartWide-8, chartLeft, y(high), chartWide-8, chartLeft-6, y(high)+4, 100*high, chartLeft-6, y(0)+4)
	for i, p := range s.Points {
		x := chartLeft + (chartWide-8-chartLeft)*(float64(i)+0.5)/float64(len(s.Points))
		fmt.Fprintf(&b, `<a href="/run/%s/"><path class="ci" d="M%.1f %.1fV%.1f"/><circle class="rate-dot" cx="%.1f" cy="%.1f" r="3.5"/><title>%s: %d of %d, %s</title></a>`,
			template.HTMLEscapeString(template.URLQueryEscaper(p.Run)), x, y(p.Low), y(p.High), x, y(p.Rate), template.HTMLEscapeString(p.Run), p.Hangs, p.Trials, model.Percent(p.Rate))
	}
	if n := len(s.Points); n > 0 {
		const day = "2006-01-02"
		fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text><text x="%d" y="%d" text-anchor="end">%s</text>`, chartLeft, chartHigh-6, s.Points[0].Started.Format(day), chartWide-8, chartHigh-6, s.Points[n-1].Started.Format(day))
	}
	return template.HTML(fmt.Sprintf(`<div class="scroll"><svg class="timeline" viewBox="0 0 %d %d" role="img" aria-label="hang rate over time">%s</svg></div>`, chartWide, chartHigh, b.String()))
}
