// Package fleet has the shards of a campaign run by an engine that a site has: processes of this host, Slurm,
// Kubernetes. It keeps all of it in one directory, in which shards leave their runs, and from which anybody can tell
// how far they are, stop them, and make one run of them, whoever was killed meanwhile.
//
// It runs no trial itself, and is no queue: where and when a shard runs is the engine's business, and what a shard has
// done is in its run. An engine is never asked for that.
package fleet

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"loopfault/errs"
	"loopfault/harness/bundle"
	"loopfault/harness/plan"
	"loopfault/harness/session"
	"loopfault/results/store"
)

// Format is the version of fleet.json that this code writes and reads.
const Format = 1

// Names in a fleet's directory.
const (
	stateFile   = "fleet.json" // written once, last: with it the directory is a fleet
	bundleFile  = "campaign.tar.zst"
	programFile = "loopfault"
	shardsDir   = "shards" // a results directory for each shard: shards/0002
	logsDir     = "logs"   // what each shard printed
)

// Fleet is fleet.json: a campaign, and how its shards are run. Whatever changes lies in files of their own.
type Fleet struct {
	Dir     string    `json:"-"` // absolute
	Format  int       `json:"format"`
	ID      string    `json:"id"` // in the names that the engine's jobs have
	Made    time.Time `json:"made"`
	Version string    `json:"loopfault"`
	Bundle  string    `json:"bundle"` // sha256 of its list of contents, which has the sums of its files
	Order
	Name  string `json:"scenario_name"` // or what the cells are parts of
	Arms  []Arm  `json:"arms,omitempty"`
	Cells []Cell `json:"cells,omitempty"` // if the shards are campaigns, and not parts of one: what each is
	Again string `json:"again,omitempty"` // of cells: the command that goes on with what they are parts of, if it is not the one that began it
	store.Terms
	CPUs int `json:"cpus"`       // that a shard takes
	MiB  int `json:"memory_mib"` // that a shard takes
}

// Arm is a kernel and its part in the campaign.
type Arm struct {
	Name    string `json:"name"`
	Control bool   `json:"control,omitempty"`
	NoFault bool   `json:"no_fault,omitempty"`
}

// Campaign is what a fleet runs, and on what.
type Campaign struct {
	bundle.Contents
	File    string // of the bundle
	Program string // this program, which the shards are run with
	Needs          // of one shard
}

// Make makes the directory of a fleet, or opens it if the same was ordered in it before: the same command goes on. In a
// directory there is one fleet.
func Make(dir string, c Campaign, o Order) (*Fleet, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := check(c, o); err != nil {
		return nil, err
	}
	f := ofCampaign(dir, c, o)
	was, err := Open(dir)
	switch {
	case err == nil && was.same(f):
		f.ID, f.Made, f.Deal = was.ID, was.Made, was.Deal
		return f, f.put(stateFile, f)
	case err == nil:
		return nil, errs.Usagef("%s is a fleet of another campaign, of %d shards on engine %s: say with --dir where this one is to be", dir, was.Shards, was.Order.Engine)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	return f, f.write(map[string]string{c.File: bundleFile, c.Program: programFile})
}

// MakeOf is Make for a bundle, which the session has in use from then on, with this program.
func MakeOf(ctx context.Context, e *session.Session, dir, file string, o Order) (*Fleet, error) {
	if err := e.UseBundle(ctx, file); err != nil {
		return nil, err
	}
	outline, err := e.BundleOutline()
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return Make(dir, Campaign{Contents: e.Bundle.Contents, File: file, Program: program, Needs: NeedsOf(outline)}, o)
}

// newFleet is one whose shards have so many arms at most.
func newFleet(dir string, o Order, n Needs, arms int) *Fleet {
	id := make([]byte, 4)
	_, _ = rand.Read(id) // never fails
	return &Fleet{
		Dir: dir, Format: Format, ID: hex.EncodeToString(id), Made: time.Now().UTC(), Order: o,
		CPUs: max(o.Jobs, 1) * n.CPUs, MiB: (max(o.Jobs, 1) + arms) * n.GuestMiB,
	}
}

func ofCampaign(dir string, c Campaign, o Order) *Fleet {
	text, _ := json.Marshal(c.Contents) // it was read from JSON
	sum := sha256.Sum256(text)
	f := newFleet(dir, o, c.Needs, len(c.Arms))
	f.Version, f.Bundle, f.Name, f.Terms = c.Loopfault, hex.EncodeToString(sum[:]), c.Name, c.Terms
	f.Deal = store.DealApart // as the program does that its shards are run with
	for _, a := range c.Arms {
		f.Arms = append(f.Arms, Arm{a.Name, a.Control, a.NoFault})
	}
	return f
}

func check(c Campaign, o Order) error {
	if c.Trial != nil {
		return errs.Usagef("the bundle holds one trial, which has no shards: pack a campaign")
	}
	return o.Check(c.Terms)
}

// same says whether another order is for the same shards; in how many slots, say, may have changed.
func (f *Fleet) same(o *Fleet) bool {
	return f.Bundle == o.Bundle && f.Shards == o.Shards && f.Order.Engine == o.Order.Engine
}

// Open opens the directory of a fleet.
func Open(dir string) (*Fleet, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	f := &Fleet{Dir: dir}
	var head struct{ Format int }
	switch found, err := f.get(stateFile, &head); {
	case err != nil:
		return nil, errs.ByUser(err)
	case !found:
		return nil, errs.ByUser(fmt.Errorf("%s is no fleet: there is no %s in it: %w", dir, stateFile, fs.ErrNotExist))
	case head.Format != Format:
		return nil, errs.Usagef("%s is of format %d, this loopfault reads %d", filepath.Join(dir, stateFile), head.Format, Format)
	}
	if _, err := f.get(stateFile, f); err != nil {
		return nil, err
	}
	return f, f.checkRead()
}

// checkRead finds what makes a fleet that came from elsewhere unusable.
func (f *Fleet) checkRead() error {
	_, err := hex.DecodeString(f.ID)
	most, whole := min(f.Terms.Trials, mostShards), len(f.Arms) > 0
	if f.Cells != nil {
		most, whole = mostShards, f.Shards == len(f.Cells)
	}
	if err != nil || len(f.ID) != 8 || f.Shards < 1 || f.Shards > most || !whole || f.Order.Engine == Kubernetes && f.Pods.check() != "" {
		return errs.Usagef("%s is damaged: its id, its shards, its arms or its pods cannot be", filepath.Join(f.Dir, stateFile))
	}
	return nil
}

// Shard is the n-th part of the plan, counted from 1 on.
func (f *Fleet) Shard(n int) store.Shard { return store.Shard{Number: n, Of: f.Shards} }

// BundlePath is the fleet's copy of the bundle.
func (f *Fleet) BundlePath() string { return filepath.Join(f.Dir, bundleFile) }

// Results is the results directory of a shard.
func (f *Fleet) Results(n int) string { return filepath.Join(f.Dir, shardDir(n)) }

func shardDir(n int) string { return filepath.Join(shardsDir, fmt.Sprintf("%04d", n)) }

// plan is that of the whole campaign.
func (f *Fleet) plan() plan.Request {
	m := store.Manifest{Terms: f.Terms}
	for _, a := range f.Arms {
		m.Arms = append(m.Arms, store.Arm{Name: a.Name, Control: a.Control, NoFault: a.NoFault})
	}
	return plan.Of(m)
}

// planned is the number of trials of a shard.
func (f *Fleet) planned(n int) int {
	if f.Cells != nil {
		return f.Cells[n-1].Trials
	}
	r := f.plan()
	r.Shard = f.Shard(n)
	return r.Count()
}
