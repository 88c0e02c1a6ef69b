// Package matrix lays out a survey: scenarios × kernels × NFS versions × file
// systems, as cells. Each cell is a campaign of its own, or says why it does
// not run. The layout is pure data; Run runs it.
package matrix

import (
	"errors"
	"fmt"
	"slices"

	"loopfault/harness/scenario"
	"loopfault/results/known"
	"loopfault/results/store"
	"loopfault/vmimages/kernel"
)

// Request is what a matrix is made from.
type Request struct {
	Scenarios []scenario.Ref   `json:"scenarios"`
	Variants  []string         `json:"variants,omitempty"` // of each; "" is the scenario as it stands; none: that one
	Kernels   []string         `json:"kernels"`
	Vers      []string         `json:"vers,omitempty"`          // none: each scenario's own; "all": all that it applies to
	FS        []string         `json:"fs,omitempty"`            // likewise
	Backend   scenario.Backend `json:"fault_backend,omitempty"` // "": each scenario's own
	Trials    int              `json:"trials"`
	Seed      uint64           `json:"seed"`
	Controls  bool             `json:"controls,omitempty"` // each cell also runs the scenario's control
	Expunged  Expunges         `json:"expunged,omitempty"`
	// Shard is the part of the cells that this matrix runs; none: all of them.
	Shard store.Shard `json:"shard,omitzero"`
	// Known are known hangs and crashes; cells do not count them, but list them among their reasons.
	Known []known.Issue `json:"known,omitempty"`
}

// All stands for every value of an axis that a scenario applies to.
const All = "all"

// State is how far a cell has come.
type State string

const (
	Waiting       State = "waiting"
	Done          State = "done"
	NotApplicable State = "not applicable"
	Expunged      State = "expunged"
	Failed        State = "failed" // the harness or the machine
	OtherShard    State = "other shard"
)

// Cell is one campaign of a matrix.
type Cell struct {
	Name    string       `json:"name"`     // of the scenario
	Ref     scenario.Ref `json:"scenario"` // with its choices
	Kernel  string       `json:"kernel"`
	Control string       `json:"control,omitempty"` // kernel that is expected to hang, if controls run
	// NoControl is why no control runs although controls are on: there is none in the kernel's series.
	NoControl string `json:"no_control,omitempty"`
	Vers      string `json:"vers"`
	FS        string `json:"fs"`
	State     State  `json:"state"`
	Why       string `json:"why,omitempty"` // why it does not run, or failed
	Row       *Row   `json:"row,omitempty"` // its result
}

// Cells lays the matrix out, scenario by scenario, so that cells of one
// scenario stand together. Errors are those of Ref.Find, except that a
// combination to which a scenario does not apply is a cell.
func (r Request) Cells() ([]Cell, error) {
	var cells []Cell
	for _, ref := range r.Scenarios {
		base, _, err := ref.Find()
		if err != nil {
			return nil, err
		}
		for _, choices := range r.choices(base) {
			full := ref.With(choices...).By(r.Backend)
			s, _, err := full.Find()
			var not *scenario.NotApplicable
			if err != nil && !errors.As(err, &not) {
				return nil, err
			}
			for _, k := range r.Kernels {
				c := Cell{Name: base.Name, Ref: full, Kernel: k, State: Waiting}
				if not != nil {
					c.State, c.Why = NotApplicable, not.Why
				} else {
					c.Vers, c.FS = s.Mount.Vers, s.Export.FS
				}
				if e, ok := r.Expunged.find(c); ok && c.State == Waiting {
					c.State, c.Why = Expunged, e.Reason
				}
				if r.Controls && c.State == Waiting && s.Control != "" {
					if c.Control, err = kernel.Beside(s.Control, k); err != nil {
						c.Control, c.NoControl = "", err.Error()
					}
				}
				cells = append(cells, c)
			}
		}
	}
	if !r.deal(cells) && r.Shard.Of > 0 {
		return nil, fmt.Errorf("%s has no cell: want no more shards than cells that run", r.Shard)
	}
	return cells, nil
}

// deal leaves waiting what the shard has of the cells. They are dealt out whole, one to
// each shard in turn: a cell is a campaign, and all its arms and its control run on one
// machine. It says whether the shard has any.
func (r Request) deal(cells []Cell) (any bool) {
	n := 0
	for i := range cells {
		if cells[i].State != Waiting {
			continue
		}
		if n++; r.Shard.Has(n) {
			any = true
		} else {
			cells[i].State = OtherShard
		}
	}
	return any
}

// choices are the combinations of variants and axes for one scenario.
func (r Request) choices(s scenario.Scenario) []scenario.Choices {
	list := []scenario.Choices{nil}
	list = times(list, r.Variants, func(name string) scenario.Choice { return scenario.Variant(name) })
	list = times(list, values(r.Vers, s.Applies.Vers), scenario.Vers)
	return times(list, values(r.FS, s.Applies.FS), scenario.FS)
}

func values(asked, applies []string) []string {
	if len(asked) == 1 && asked[0] == All {
		return applies
	}
	return asked
}

// times appends the choice of each value, of "" none, to each list; without values the lists stay.
func times(lists []scenario.Choices, values []string, choice func(string) scenario.Choice) []scenario.Choices {
	if len(values) == 0 {
		return lists
	}
	var out []scenario.Choices
	for _, l := range lists {
		for _, v := range values {
			if v == "" {
				out = append(out, l)
				continue
			}
			out = append(out, append(slices.Clip(l), choice(v)))
		}
	}
	return out
}

// Check returns what is wrong with a request, in one line.
func (r Request) Check() error {
	switch {
	case len(r.Scenarios) == 0:
		return errors.New("the matrix has no scenario")
	case len(r.Kernels) == 0:
		return errors.New("the matrix has no kernel")
	case r.Trials < 1:
		return fmt.Errorf("trials is %d, want at least 1", r.Trials)
	}
	return nil
}
