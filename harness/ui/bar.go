package ui

import (
	"fmt"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"loopfault/vmimages/progress"
)

// bar is the line of one running step.
type bar struct {
	line *mpb.Bar

	mu   sync.Mutex // for drawing, which happens at any time; never held in a call of line's
	text string     // what the step is doing
	ends time.Time  // when it should be over, zero when unknown
}

func newBar(bars *mpb.Progress, estimate time.Duration) *bar {
	b := &bar{ends: endOf(estimate)}
	b.line = bars.AddBar(0, mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Elapsed(decor.ET_STYLE_MMSS, decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return b.status() })))
	return b
}

// status is the text behind the bar.
func (b *bar) status() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := " " + b.text
	if left := time.Until(b.ends); left > 0 {
		s += fmt.Sprintf(" %s left", rough(left))
	}
	return s
}

func (b *bar) advance(e progress.Event) {
	b.mu.Lock()
	b.text, b.ends = e.Text, endOf(e.Left)
	b.mu.Unlock()
	// The bar stops just short of complete, so that only End removes it.
	const fine = 1000
	b.line.SetTotal(fine*e.Total+1, false)
	b.line.SetCurrent(fine * min(e.Done, e.Total))
}

func endOf(left time.Duration) time.Time {
	if left <= 0 {
		return time.Time{}
	}
	return time.Now().Add(left)
}
