package fleet

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"loopfault/results/safefile"
	"loopfault/results/store"
)

// resultFile is what a cell came to, in its results directory. With it the cell is done: one that cannot be run has no
// run that would say so.
const resultFile = "result.json"

// Cell is a shard that is a whole campaign, as a part of something larger: a cell of a night.
type Cell struct {
	What   string `json:"cell"`   // for people
	Part   string `json:"part"`   // Manifest.Part of its run
	Trials int    `json:"trials"` // that are planned
}

// Cells is what a fleet of cells runs. Whoever makes it knows what each of them is, and leaves that in the directory.
type Cells struct {
	Name    string // of what they are parts of
	Version string // of loopfault
	Seed    uint64
	Program string // this program, which the shards are run with
	Again   string // command that goes on with it; "": the one that began it
	Cells   []Cell // in the order in which they are begun
	Needs          // of the cell that needs most
	Arms    int    // of the cell that has most
}

// MakeCells makes a fleet of cells in a directory in which everything else that they need is already.
func MakeCells(dir string, c Cells, o Order) (*Fleet, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := o.CheckSite(); err != nil {
		return nil, err
	}
	o.Shards = len(c.Cells)
	f := newFleet(dir, o, c.Needs, c.Arms)
	f.Name, f.Version, f.Seed, f.Cells, f.Again = c.Name, c.Version, c.Seed, c.Cells, c.Again
	if err := f.checkRead(); err != nil {
		return nil, err
	}
	return f, f.write(map[string]string{c.Program: programFile})
}

// Reorder says in how many slots the cells go on, and what the site is told; what a shard takes stays.
func (f *Fleet) Reorder(o Order) error {
	if err := o.CheckSite(); err != nil {
		return err
	}
	f.Slots, f.Sbatch, f.Pods = o.Slots, o.Sbatch, o.Pods
	return f.put(stateFile, f)
}

// EndCell leaves word of what a cell came to: it is done.
func (f *Fleet) EndCell(n int, result any) error {
	return f.put(filepath.Join(shardDir(n), resultFile), result)
}

// Ended reads what a cell came to; false if it is not done.
func (f *Fleet) Ended(n int, result any) (bool, error) {
	return f.get(filepath.Join(shardDir(n), resultFile), result)
}

// readCell reads the run of a cell, which may be none.
func (f *Fleet) readCell(n int) (part, error) {
	p := part{number: n}
	switch _, err := safefile.StatIn(f.Dir, filepath.Join(shardDir(n), resultFile)); {
	case err == nil:
		p.over = true
	case !errors.Is(err, fs.ErrNotExist):
		return p, err
	}
	stored, found, err := f.RunOf(n)
	if err != nil || !found {
		return p, err
	}
	p.manifest, p.trials, p.begun = stored.Manifest, stored.Trials, true
	return p, nil
}

// RunOf is the run of a cell.
func (f *Fleet) RunOf(n int) (store.Stored, bool, error) {
	if !safefile.IsDir(f.Results(n)) {
		return store.Stored{}, false, nil
	}
	st, err := store.Find(f.Results(n))
	if err != nil {
		return store.Stored{}, false, err
	}
	return st.FindPart(f.Cells[n-1].Part)
}

// BeginBefore is Begin for cells of which none is to begin after a time, whoever is there then to say so. Cells that
// have begun go on.
func (f *Fleet) BeginBefore(ctx context.Context, e Engine, last time.Time) error {
	return f.begin(ctx, e, &Stop{At: time.Now().UTC(), After: last.UTC()})
}

// BeginNone is for cells for which there is no time left: those that have begun go on where they run.
func (f *Fleet) BeginNone() error {
	now := time.Now().UTC()
	return f.goOn(&Stop{At: now, After: now})
}

// Remove removes the directory of a fleet, or all but what its shards printed. One that is not there is no error.
func Remove(dir string, butLogs bool) error {
	within, err := os.OpenRoot(filepath.Dir(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer within.Close()
	name := filepath.Base(dir)
	if !butLogs {
		return within.RemoveAll(name)
	}
	entries, err := safefile.ListIn(dir, ".")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if e.Name() != logsDir {
			err = errors.Join(err, within.RemoveAll(filepath.Join(name, e.Name())))
		}
	}
	return err
}
