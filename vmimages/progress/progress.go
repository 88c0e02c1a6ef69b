// Package progress carries the events of long steps from the builders to the
// user interface. It is data and one callback: drawing bars, JSON lines and
// silence are the caller's business.
package progress

import "time"

// Kind tells the events of one step apart.
type Kind string

const (
	Begin   Kind = "begin"   // a step of more than a few seconds starts; Text and Estimate say what and how long
	Advance Kind = "advance" // Done, Total and Left changed; at most a few times a second
	Wait    Kind = "wait"    // another process holds what this step needs; Text says which
	Note    Kind = "note"    // something worth a line that is not a step, such as a resumed build
	End     Kind = "end"     // the step is over, well or badly; Took is set
)

// Event is one event. Fields without meaning for a Kind are zero.
type Event struct {
	Kind     Kind          `json:"kind"`
	Step     string        `json:"step"`               // stable name, such as "kernel.make"
	Text     string        `json:"text,omitempty"`     // one plain line for people, no time in it
	Done     int64         `json:"done,omitempty"`     // units of work finished
	Total    int64         `json:"total,omitempty"`    // units expected, 0 when unknown; Done may pass it
	Estimate time.Duration `json:"estimate,omitempty"` // Begin: how long the whole step should take, 0 when unknown
	Left     time.Duration `json:"left,omitempty"`     // Advance: how long the rest should take, 0 when unknown
	Took     time.Duration `json:"took,omitempty"`     // End: how long the step took
}

// Func receives events. Steps may run side by side and call it from several goroutines;
// it must return quickly. A nil Func drops everything.
type Func func(Event)

// Begin reports the start of a step and returns the handle for the rest of it.
func (f Func) Begin(step, text string, estimate time.Duration) *Step {
	s := &Step{report: f, name: step, began: time.Now(), estimate: estimate}
	f.send(Event{Kind: Begin, Step: step, Text: text, Estimate: estimate})
	return s
}

// Note reports one line that belongs to no step.
func (f Func) Note(step, text string) { f.send(Event{Kind: Note, Step: step, Text: text}) }

// Wait reports that something else has to finish first.
func (f Func) Wait(step, text string) { f.send(Event{Kind: Wait, Step: step, Text: text}) }

func (f Func) send(e Event) {
	if f != nil {
		f(e)
	}
}

// Step is a running step. It is not safe for concurrent use.
type Step struct {
	report   Func
	name     string
	began    time.Time
	last     time.Time
	estimate time.Duration
}

// interval keeps a frequent step from flooding the receiver.
const interval = 200 * time.Millisecond

// Advance reports that done of total units are finished. Calls that come too
// fast are dropped, the last unit never is.
func (s *Step) Advance(done, total int64) {
	now := time.Now()
	if now.Sub(s.last) < interval && done != total {
		return
	}
	s.last = now
	s.report.send(Event{Kind: Advance, Step: s.name, Done: done, Total: total, Left: s.left(now, done, total)})
}

// left starts out from the estimate made beforehand and trusts the measured
// pace the more of the work is done.
func (s *Step) left(now time.Time, done, total int64) time.Duration {
	if total <= 0 || done <= 0 || done >= total {
		return 0
	}
	spent := now.Sub(s.began)
	share := float64(done) / float64(total)
	measured := float64(spent)/share - float64(spent)
	if s.estimate <= 0 {
		return time.Duration(measured).Round(time.Second)
	}
	planned := max(float64(s.estimate-spent), 0)
	return time.Duration(share*measured + (1-share)*max(planned, measured/2)).Round(time.Second)
}

// End reports that the step is over.
func (s *Step) End() {
	s.report.send(Event{Kind: End, Step: s.name, Took: time.Since(s.began)})
}
