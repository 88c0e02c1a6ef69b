package nightly

import (
	"fmt"
	"slices"
	"time"

	"loopfault/harness/matrix"
	"loopfault/results/known"
	"loopfault/results/stats"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// Finding is one result of a night worth reporting.
type Finding struct {
	What What   `json:"what"`
	Cell string `json:"cell,omitempty"` // key, if it is about one
	Text string `json:"text"`           // one line
	Run  string `json:"run,omitempty"`
}

// What a finding is about.
type What string

const (
	NewHang       What = "new hang"         // a signature that no night has seen in this cell
	Hang          What = "hang"             // one that was seen before, and is on no list
	RateUp        What = "hangs more"       // beyond chance
	RateDown      What = "hangs less"       // likewise
	KnownHang     What = "known hang"       // as the suite's list says
	NotExercised  What = "not exercised"    // no counting trials, where there were some before
	ControlBroken What = "control broken"   // it did not hang: clean results mean nothing
	Slower        What = "slower"           // than in all nights before
	Expired       What = "expired"          // an entry of the known list
	NeverMatched  What = "never matched"    // likewise
	NotRun        What = "could not be run" // a cell failed
	NoTime        What = "left out"         // cells that there was no time for
)

// slow is how many times longer than ever before, and slowBy how many seconds longer,
// a trial must take to be reported, compared with at least so many nights.
const (
	slow       = 1.5
	slowBy     = 1
	slowNights = 3
)

// Compare lists a night's findings, compared with the nights before. Rates are
// compared with those of all nights before together, by Fisher's test, corrected for
// the number of cells.
func Compare(n *Night, past []*Night, issues []known.Issue, now time.Time) (list []Finding) {
	for _, c := range n.Cells {
		switch {
		case c.State == matrix.Failed:
			list = append(list, Finding{What: NotRun, Cell: c.Key(), Text: c.Why})
			if c.Row != nil { // of a cell that was lost on its host: what hung before that did
				list = append(list, hung(c, past, issues, now)...)
			}
		case c.Row != nil && c.State == matrix.Done:
			list = append(list, about(c, past, issues, now)...)
		}
	}
	list = append(list, rates(n, past)...)
	list = append(list, idle(n, past, issues, now)...)
	if left := leftOut(n); left > 0 {
		list = append(list, Finding{What: NoTime, Text: fmt.Sprintf("%d of %d cells; they run first next time", left, len(n.Cells))})
	}
	return list
}

// about is what one cell shows on its own.
func about(c Cell, past []*Night, issues []known.Issue, now time.Time) (list []Finding) {
	list = hung(c, past, issues, now)
	add := func(what What, format string, args ...any) {
		list = append(list, c.finding(what, format, args...))
	}
	if n := total(c.Row.Control); n > 0 && c.Row.ControlShown() == 0 {
		add(ControlBroken, "%s did not hang in %d trials: the detector or the injector is broken, trust no clean result of this cell", c.Control, n)
	}
	if c.Row.Trials > 0 && counted(c) == 0 {
		add(NotExercised, "none of %d trials counts", c.Row.Trials)
	}
	if most, nights := slowest(c, past); nights >= slowNights && perTrial(c) > max(slow*most, most+slowBy) {
		add(Slower, "%.0f s for each trial, %.0f s at most in %d nights before", perTrial(c), most, nights)
	}
	return list
}

func (c Cell) finding(what What, format string, args ...any) Finding {
	return Finding{What: what, Cell: c.Key(), Text: fmt.Sprintf(format, args...), Run: string(c.Row.Run)}
}

// hung are the hangs of a cell, listed or not.
func hung(c Cell, past []*Night, issues []known.Issue, now time.Time) (list []Finding) {
	add := func(what What, format string, args ...any) {
		list = append(list, c.finding(what, format, args...))
	}
	for _, sig := range c.Row.Signatures {
		text := fmt.Sprintf("%d of %d trials: %s (%s)", sig.Count, counted(c), sig.Title, sig.Signature)
		i := slices.IndexFunc(issues, func(k known.Issue) bool { return k.Covers(c.where(), sig.Hang()) && !k.Expired(now) })
		switch {
		case i >= 0:
			add(KnownHang, "%s; known until %s: %s", text, issues[i].Until, issues[i].Reason)
		case !sawBefore(c, sig, past):
			add(NewHang, "%s", text)
		default:
			add(Hang, "%s; seen before", text)
		}
	}
	return list
}

func sawBefore(c Cell, sig summary.Signature, past []*Night) bool {
	return slices.ContainsFunc(past, func(n *Night) bool {
		was, ok := n.cell(c.Key())
		return ok && was.Row != nil && slices.ContainsFunc(was.Row.Signatures, func(s summary.Signature) bool { return s.Signature == sig.Signature })
	})
}

// rates compares how often cells hang with all nights before.
func rates(n *Night, past []*Night) (list []Finding) {
	var cells []Cell
	var before, now []stats.Count
	for _, c := range n.Cells {
		if c.State != matrix.Done {
			continue
		}
		var was stats.Count
		for _, p := range past {
			if old, ok := p.cell(c.Key()); ok && old.Row != nil && old.State == matrix.Done {
				was.Hits += hangs(old)
				was.Trials += counted(old)
			}
		}
		if was.Trials > 0 && counted(c) > 0 {
			cells, before = append(cells, c), append(before, was)
			now = append(now, stats.Count{Hits: hangs(c), Trials: counted(c)})
		}
	}
	p := make([]float64, len(cells))
	for i := range cells {
		p[i] = stats.Fisher(before[i].Hits, before[i].Trials, now[i].Hits, now[i].Trials)
	}
	for i, adjusted := range stats.Holm(p) {
		if adjusted > 1-stats.Level {
			continue
		}
		what := RateUp
		if now[i].Rate() < before[i].Rate() {
			what = RateDown
		}
		list = append(list, Finding{What: what, Cell: cells[i].Key(), Run: string(cells[i].Row.Run), Text: fmt.Sprintf(
			"%d of %d trials, %d of %d in the nights before (p = %.3g, corrected for %d cells)",
			now[i].Hits, now[i].Trials, before[i].Hits, before[i].Trials, adjusted, len(cells))})
	}
	return list
}

// idle lists entries of the known list that have expired, and those that no hang
// ever matched.
func idle(n *Night, past []*Night, issues []known.Issue, now time.Time) (list []Finding) {
	for _, k := range issues {
		if k.Expired(now) {
			list = append(list, Finding{What: Expired, Text: fmt.Sprintf("%s, on %s: fix it, or give it a new date (%s)", k.Name(), k.Until, k.Reason)})
		}
		matched := slices.ContainsFunc(append(slices.Clone(past), n), func(n *Night) bool {
			return slices.ContainsFunc(n.Cells, func(c Cell) bool {
				return c.Row != nil && slices.ContainsFunc(c.Row.Signatures, func(s summary.Signature) bool { return k.Covers(c.where(), s.Hang()) })
			})
		})
		if !matched {
			list = append(list, Finding{What: NeverMatched, Text: fmt.Sprintf("%s, in %d nights: misspelt, or fixed? (%s)", k.Name(), len(past)+1, k.Reason)})
		}
	}
	return list
}

func leftOut(n *Night) (left int) {
	for _, c := range n.Cells {
		if c.State == Left || c.State == matrix.Waiting {
			left++
		}
	}
	return left
}

// Judge is the judgement of a whole night: any unlisted hang, new or not, makes
// it found; doubt about the tests themselves is inconclusive.
func Judge(n *Night) summary.Judgement {
	found, doubt, broken, ran := false, false, 0, 0
	for _, f := range n.Findings {
		switch f.What {
		case NewHang, Hang, RateUp:
			found = true
		case ControlBroken, NotExercised:
			doubt = true
		case NotRun:
			broken++
		}
	}
	for _, c := range n.Cells {
		if c.Row != nil {
			ran++
		}
	}
	switch {
	case found:
		return summary.Found
	case ran == 0 && broken > 0:
		return summary.Broken
	case doubt || broken > 0:
		return summary.Inconclusive
	}
	return summary.Clean
}

func total(verdicts map[verdict.Kind]int) (n int) {
	for _, k := range verdicts {
		n += k
	}
	return n
}

func counted(c Cell) int {
	v := c.Row.Verdicts
	return verdict.Counted(v)
}

func hangs(c Cell) int { return c.Row.Verdicts[verdict.Hang] + c.Row.Verdicts[verdict.Crash] }

func perTrial(c Cell) float64 { return c.Seconds / float64(max(c.Row.Trials+total(c.Row.Control), 1)) }

// slowest is the longest time that a trial of the cell took in a night, and in how
// many nights it ran.
func slowest(c Cell, past []*Night) (most float64, nights int) {
	for _, n := range past {
		if was, ok := n.cell(c.Key()); ok && was.Row != nil && was.State == matrix.Done {
			most = max(most, perTrial(was))
			nights++
		}
	}
	return most, nights
}
