package fleet

import (
	"context"
	"time"

	"loopfault/results/store"
)

// Status is how far a fleet is.
type Status struct {
	Dir      string   `json:"dir"`
	Engine   Kind     `json:"engine"`
	Scenario string   `json:"scenario"`
	Seed     uint64   `json:"seed"`
	Queued   int      `json:"queued"` // shards, as those that follow
	Running  int      `json:"running"`
	Done     int      `json:"done"`
	Stopped  int      `json:"stopped"` // they ended before they were done, or never began, and will not be started
	Unknown  int      `json:"unknown"` // not done, and this engine cannot be asked from here
	Trials   int      `json:"trials"`  // complete ones
	Planned  int      `json:"planned"`
	Found    int      `json:"found"`             // hangs and crashes, those of controls left out
	Left     *float64 `json:"left_seconds"`      // null if nothing can be said
	Reached  string   `json:"reached,omitempty"` // what it was to run until
	Canceled bool     `json:"canceled,omitempty"`
	// Before is when the last cell may begin, of a fleet of cells with a budget.
	Before  *time.Time `json:"begin_before,omitempty"`
	Run     string     `json:"run,omitempty"`     // that the shards were merged into
	Problem string     `json:"problem,omitempty"` // why the engine does not say how far shards are
	Shards  []Shard    `json:"shards"`
	parts   []part
	asked   bool // the engine answered
	late    bool // for cells to begin
}

// Shard is how far a shard is.
type Shard struct {
	Number  int    `json:"shard"`
	Cell    string `json:"cell,omitempty"` // that it is, of a fleet of cells
	State   State  `json:"state"`
	Trials  int    `json:"trials"`
	Planned int    `json:"planned"`
	Found   int    `json:"found"`
	Node    string `json:"node,omitempty"`
	Why     string `json:"why,omitempty"`
	begun   bool
}

// Begun says whether something is left of the shard: a run, or word why it ended.
func (s Shard) Begun() bool { return s.begun }

// Status looks at all runs, and asks the engine.
func (f *Fleet) Status(ctx context.Context, e Engine) (Status, error) {
	s := Status{Dir: f.Dir, Engine: f.Order.Engine, Scenario: f.Name, Seed: f.Seed}
	stop, err := f.Stop()
	if err != nil {
		return s, err
	}
	switch {
	case stop == nil:
	case !stop.After.IsZero():
		s.Before, s.late = &stop.After, stop.late()
	default:
		s.Reached, s.Canceled = stop.Reached, stop.Reached == ""
	}
	if s.Run, err = f.merged(); err != nil {
		return s, err
	}
	// First the engine, then the runs: a shard that ends in between is done.
	seen, err := e.Seen(ctx)
	if ctx.Err() != nil {
		return s, context.Cause(ctx)
	}
	if s.asked = err == nil; err != nil {
		s.Problem = err.Error()
	}
	for n := 1; n <= f.Shards; n++ {
		p, err := f.read(n)
		if err != nil {
			return s, err
		}
		last, err := f.end(n)
		if err != nil {
			return s, err
		}
		is := Shard{Number: n, Trials: len(p.trials), Planned: f.planned(n), Found: p.found()}
		if f.Cells != nil {
			is.Cell = f.Cells[n-1].What
		}
		s.add(p, is, seen[n], last)
	}
	s.estimate()
	return s, nil
}

func (s *Status) add(p part, is Shard, seen Seen, last *end) {
	is.State, is.Why, is.Node, is.begun = seen.State, seen.Why, seen.Node, p.begun || last != nil
	switch {
	case seen.State == Running:
	case p.over:
		is.State, is.Why, is.Node = Done, "", p.manifest.Host.Name
	case seen.State.live():
	case !s.asked:
		is.State = Unknown
	default:
		is.State = Stopped
		switch {
		case last != nil:
			is.Why = last.String()
		case is.Why != "":
		case p.begun:
			is.Why = "killed"
		default:
			is.Why = "not begun"
		}
	}
	s.count(is)
	s.parts = append(s.parts, p)
}

func (s *Status) count(is Shard) {
	switch is.State {
	case Queued:
		s.Queued++
	case Running:
		s.Running++
	case Done:
		s.Done++
	case Stopped:
		s.Stopped++
	case Unknown:
		s.Unknown++
	}
	s.Trials += is.Trials
	s.Planned += max(is.Planned, is.Trials) // a control that never hung has further trials
	s.Found += is.Found
	s.Shards = append(s.Shards, is)
}

// Over says whether nothing runs or will run by itself.
func (s Status) Over() bool { return s.Queued+s.Running+s.Unknown == 0 }

// Late says whether no further cell begins, since the time for that is over.
func (s Status) Late() bool { return s.late }

// Complete says whether all was done that there was to do.
func (s Status) Complete() bool { return s.Done == len(s.Shards) || s.Reached != "" }

// estimate is how long the rest takes at the pace so far: with the shards that run now, and no shorter than the shard
// with the most to do.
func (s *Status) estimate() {
	if s.Reached != "" || s.Canceled || s.Running == 0 {
		return
	}
	worked, trials := time.Duration(0), 0
	for _, p := range s.parts {
		worked += span(p.trials)
		trials += len(p.trials)
	}
	if trials == 0 {
		return
	}
	each := worked.Seconds() / float64(trials)
	left := each * float64(s.Planned-s.Trials) / float64(s.Running)
	for _, is := range s.Shards {
		left = max(left, each*float64(is.Planned-is.Trials))
	}
	s.Left = &left
}

// span is from the beginning of the first trial to the end of the last.
func span(trials []store.Trial) time.Duration {
	var first, last time.Time
	for i, t := range trials {
		end := t.Started.Add(time.Duration(t.Seconds * float64(time.Second)))
		if i == 0 || t.Started.Before(first) {
			first = t.Started
		}
		if end.After(last) {
			last = end
		}
	}
	return max(last.Sub(first), 0)
}
