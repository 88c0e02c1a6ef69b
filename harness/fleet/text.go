package fleet

import (
	"fmt"
	"io"
	"strings"
	"time"

	"loopfault/results/report/plain"
	"loopfault/results/report/text"
	"loopfault/results/words"
	"loopfault/vmimages/progress"
)

// mostRows is how many shards are listed one by one; of more, only those that stopped are.
const mostRows = 50

// Text writes a status for people.
func (s Status) Text(w io.Writer, width int) error {
	what, head := "scenario ", []string{"SHARD", "STATE", "TRIALS", "FOUND", "NODE", "WHY"}
	if s.cells() {
		what, head = "cells of ", append(head, "CELL")
	}
	fmt.Fprintf(w, "%s: %s%s, seed %d, %s on engine %s\n", s.Dir, what, plain.Short(s.Scenario, 200), s.Seed, words.Count(len(s.Shards), "shard"), s.Engine)
	fmt.Fprintln(w, s.line())
	t := text.Table{Head: head}
	rows := 0
	for _, is := range s.Shards {
		if len(s.Shards) <= mostRows || is.State == Stopped && rows < mostRows {
			row := []any{is.Number, is.State, fmt.Sprintf("%d/%d", is.Trials, is.Planned), is.Found, plain.Short(is.Node, 40), plain.Short(is.Why, 200)}
			if s.cells() {
				row = append(row, plain.Short(is.Cell, 200))
			}
			t.Add(row...)
			rows++
		}
	}
	if rows > 0 {
		if err := t.Print(w, width); err != nil {
			return err
		}
	}
	if s.Problem != "" {
		fmt.Fprintf(w, "the engine does not say which shards it has: %s\n", plain.Line(s.Problem))
	}
	return nil
}

func (s Status) cells() bool { return len(s.Shards) > 0 && s.Shards[0].Cell != "" }

// line is the whole in one line.
func (s Status) line() string {
	var parts []string
	for _, c := range []struct {
		n    int
		what State
	}{{s.Done, Done}, {s.Running, Running}, {s.Queued, Queued}, {s.Stopped, Stopped}, {s.Unknown, Unknown}} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	line := fmt.Sprintf("shards: %s; trials: %d of %d; hangs and crashes: %d", strings.Join(parts, ", "), s.Trials, s.Planned, s.Found)
	switch {
	case s.Reached != "":
		line += "; it was to run until " + s.Reached + ", which is reached"
	case s.Canceled:
		line += "; canceled"
	case s.late:
		line += "; no further one begins: the time for that is over"
	case s.Left != nil:
		line += fmt.Sprintf("; about %s left", s.left().Round(time.Second))
	}
	return line
}

func (s Status) left() time.Duration {
	if s.Left == nil {
		return 0
	}
	return time.Duration(*s.Left * float64(time.Second))
}

// step is the name of a fleet's progress.
const step = "fleet"

// Progress shows how a fleet goes on.
type Progress struct {
	report progress.Func
	began  time.Time
	was    Status
}

// NewProgress begins with what is to be done.
func NewProgress(report progress.Func, what string) *Progress {
	report(progress.Event{Kind: progress.Begin, Step: step, Text: what})
	return &Progress{report: report, began: time.Now()}
}

// Show shows a status, if there is anything new in it.
func (p *Progress) Show(s Status) {
	before := map[int]Shard{}
	for _, is := range p.was.Shards {
		before[is.Number] = is
	}
	changed := len(before) == 0
	for _, is := range s.Shards {
		was, seen := before[is.Number]
		changed = changed || was.State != is.State || was.Trials != is.Trials
		if seen && was.State != is.State && is.State == Stopped {
			p.report.Note(step, fmt.Sprintf("shard %d stopped with %d of its %d trials: %s", is.Number, is.Trials, is.Planned, plain.Line(is.Why)))
		}
	}
	if s.Problem != "" && s.Problem != p.was.Problem {
		p.report.Note(step, "the engine does not answer, it is asked again: "+plain.Line(s.Problem))
	}
	if s.Reached != "" && p.was.Reached == "" {
		p.report.Note(step, "it was to run until "+s.Reached+", which is reached: shards are stopped")
	}
	p.was = s
	if changed {
		p.report(progress.Event{Kind: progress.Advance, Step: step, Text: s.line(), Done: int64(s.Trials), Total: int64(s.Planned), Left: s.left()})
	}
}

// End ends what NewProgress began.
func (p *Progress) End() {
	p.report(progress.Event{Kind: progress.End, Step: step, Took: time.Since(p.began)})
}
