package nightly

import (
	"fmt"
	"path/filepath"
	"regexp"
	"time"

	"loopfault/harness/cells"
	"loopfault/harness/fleet"
	"loopfault/harness/matrix"
	"loopfault/results/known"
	"loopfault/results/store"
)

// Kernel is one kernel of a night.
type Kernel struct {
	Label  string `json:"label"`            // its name in the suite, the same every night
	Ref    string `json:"ref"`              // what has to be built or booted: a name, a path
	Source string `json:"source,omitempty"` // repository of the commit
	Commit string `json:"commit,omitempty"` // of a git branch tonight
	// Flavours are fragments on top.
	Flavours []string `json:"flavours,omitempty"`
}

// Built is the name of a kernel that is built from a commit.
func Built(commit string) string { return fmt.Sprintf("commit-%.12s", commit) }

var commitForm = regexp.MustCompile(`^[0-9a-f]+$`)

// check makes sure that a record removes only kernels that a night built: the record names what is removed with
// a night, and the name may be a pattern.
func (k Kernel) check() error {
	if k.Commit != "" && (!commitForm.MatchString(k.Commit) || k.Ref != Built(k.Commit)) {
		return fmt.Errorf("kernel %q: %q is not what a kernel built of commit %q is called", k.Label, k.Ref, k.Commit)
	}
	return nil
}

// States of a cell beside those of a matrix.
const (
	Unchanged matrix.State = "unchanged" // its commit was run in an earlier night
	Left      matrix.State = "left out"  // there was no time
)

// Cell is a cell of a matrix in one night.
type Cell struct {
	matrix.Cell
	Commit  string  `json:"commit,omitempty"`  // of its kernel
	Seconds float64 `json:"seconds,omitempty"` // that it took, building included
}

// Key is the cell's name, the same every night.
func (c Cell) Key() string { return cells.Key(c.Cell) }

func (c Cell) where() known.Where {
	return known.Where{Scenario: c.Name, Kernel: c.Kernel, Version: c.Row.Version}
}

// Night is one run of a suite, so far.
type Night struct {
	Format   int            `json:"format"`
	Suite    string         `json:"suite"`
	Started  time.Time      `json:"started"`
	Request  matrix.Request `json:"request"`
	Engine   fleet.Kind     `json:"engine,omitempty"` // that runs the cells; "": the night itself, one after the other
	Kernels  []Kernel       `json:"kernels"`
	Cells    []Cell         `json:"cells"`  // in the order of the matrix
	Worked   float64        `json:"worked"` // seconds, over all processes
	Ended    bool           `json:"ended"`
	Stopped  string         `json:"stopped,omitempty"` // why it ended early
	Findings []Finding      `json:"findings,omitempty"`
	Removed  bool           `json:"removed,omitempty"` // its runs were removed, to make room
	path     string
}

const (
	format = 1
	kind   = "nightly-"

	// PartPrefix is what Manifest.Part of all runs of all nights begins with.
	PartPrefix = kind
)

// Begin lays out a night and gives it a record in the results directory.
func Begin(results string, s Suite, kernels []Kernel, seed uint64, now time.Time) (*Night, error) {
	return BeginBy("", results, s, kernels, seed, now)
}

// BeginBy is Begin for a night whose cells an engine runs.
func BeginBy(engine fleet.Kind, results string, s Suite, kernels []Kernel, seed uint64, now time.Time) (*Night, error) {
	r, err := s.Request(kernels, seed)
	if err != nil {
		return nil, err
	}
	all, err := r.Cells()
	if err != nil {
		return nil, err
	}
	n := &Night{Format: format, Suite: s.Name, Started: now.UTC(), Request: r, Engine: engine, Kernels: kernels}
	for _, c := range all {
		n.Cells = append(n.Cells, Cell{Cell: c, Commit: n.kernel(c.Kernel).Commit})
	}
	if n.path, err = store.NewRecord(results, kind+s.Name, now); err != nil {
		return nil, err
	}
	return n, n.Save()
}

// Nights reads all nights of a suite, oldest first.
func Nights(results, suite string) ([]*Night, error) {
	paths, err := store.Records(results, kind+suite)
	if err != nil {
		return nil, err
	}
	var list []*Night
	for _, path := range paths {
		n := &Night{path: path}
		if err := store.ReadRecord(path, format, n); err != nil {
			return nil, err
		}
		for _, k := range n.Kernels {
			if err := k.check(); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
		}
		list = append(list, n)
	}
	return list, nil
}

// Save writes the record.
func (n *Night) Save() error { return store.WriteRecord(n.path, n) }

// Name is that of the record.
func (n *Night) Name() string { return filepath.Base(n.path) }

// Path of a file beside the record, with another extension.
func (n *Night) Beside(ending string) string {
	return n.path[:len(n.path)-len(filepath.Ext(n.path))] + ending
}

// Fleet is the directory of the night's fleet, if an engine runs its cells.
func (n *Night) Fleet() string { return cells.FleetOf(n.path) }

func (n *Night) kernel(label string) Kernel {
	for _, k := range n.Kernels {
		if k.Label == label {
			return k
		}
	}
	return Kernel{}
}
