// Package ui shows what long steps are doing: a status line with an estimate on
// a terminal, JSON lines everywhere else. Results do not belong here; they go
// to standard output and look the same everywhere.
package ui

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"golang.org/x/term"

	"loopfault/results/report/plain"
	"loopfault/vmimages/progress"
)

// UI is where progress goes. Its methods may be called by several goroutines.
type UI struct {
	mu   sync.Mutex
	out  io.Writer
	json *json.Encoder // set when out is no terminal
	bars *mpb.Progress // nil while no step runs
	runs map[string]*bar
	last time.Time // of the last JSON line about an advance
}

// New shows progress on f, normally standard error.
func New(f *os.File) *UI {
	if term.IsTerminal(int(f.Fd())) {
		return &UI{out: f, runs: map[string]*bar{}}
	}
	return &UI{out: f, json: json.NewEncoder(f)}
}

// line is one JSON line.
type line struct {
	Time time.Time `json:"time"`
	progress.Event
	Estimate string `json:"estimate,omitempty"` // durations in Go form
	Left     string `json:"left,omitempty"`
	Took     string `json:"took,omitempty"`
}

// advanceEvery keeps logs short: it is the least time between JSON lines about an advance.
const advanceEvery = 15 * time.Second

// Progress shows one event.
func (u *UI) Progress(e progress.Event) {
	u.mu.Lock()
	defer u.mu.Unlock()
	e.Text = plain.Line(e.Text) // a guest's panic, an agent's error, a title
	if u.json != nil {
		u.printJSON(e)
		return
	}
	switch e.Kind {
	case progress.Begin:
		text := e.Text
		if e.Estimate > 0 {
			text += fmt.Sprintf(" (about %s)", rough(e.Estimate))
		}
		u.print(text)
		u.startBar(e)
	case progress.Advance:
		u.advance(e)
	case progress.Wait, progress.Note:
		u.print(e.Text)
	case progress.End:
		u.stopBar(e.Step)
	}
}

func (u *UI) printJSON(e progress.Event) {
	now := time.Now()
	if e.Kind == progress.Advance && now.Sub(u.last) < advanceEvery {
		return
	}
	u.last = now
	// A progress line that cannot be written is no reason to stop the work.
	_ = u.json.Encode(line{Time: now.UTC().Truncate(time.Millisecond), Event: e,
		Estimate: text(e.Estimate), Left: text(e.Left), Took: text(e.Took)})
}

func text(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.Round(100 * time.Millisecond).String()
}

// print writes a line that stays, above the bar if there is one.
func (u *UI) print(s string) {
	if u.bars != nil {
		fmt.Fprintln(u.bars, s)
		return
	}
	fmt.Fprintln(u.out, s)
}

// startBar begins a step's line; steps that run side by side have a line each.
func (u *UI) startBar(e progress.Event) {
	if u.runs[e.Step] != nil {
		u.stopBar(e.Step)
	}
	if u.bars == nil {
		u.bars = mpb.New(mpb.WithOutput(u.out), mpb.WithWidth(40))
	}
	u.runs[e.Step] = newBar(u.bars, e.Estimate)
}

func (u *UI) advance(e progress.Event) {
	if b := u.runs[e.Step]; b != nil {
		b.advance(e)
	}
}

// stopBar removes a step's line; with the last line it stops drawing.
func (u *UI) stopBar(step string) {
	b := u.runs[step]
	if b == nil {
		return
	}
	delete(u.runs, step)
	b.line.Abort(true)
	if len(u.runs) == 0 {
		u.bars.Wait()
		u.bars = nil
	}
}

// Close removes the status lines.
func (u *UI) Close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for step := range u.runs {
		u.stopBar(step)
	}
}

// rough rounds a duration to what an estimate deserves.
func rough(d time.Duration) string {
	switch {
	case d >= 10*time.Minute:
		return d.Round(time.Minute).String()
	case d >= time.Minute:
		return d.Round(10 * time.Second).String()
	}
	return d.Round(time.Second).String()
}
