package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"

	"loopfault/vmimages/cache"
	"loopfault/vmimages/progress"
)

// Rooms of the cache.
const (
	roomTrees   = "kernels/trees"
	roomBuilds  = "kernels/builds"
	roomNames   = "kernels/names"
	roomLogs    = "kernels/logs"
	roomSources = "kernels/sources"
)

// Space that steps need in an empty cache, in bytes, with room to spare.
const (
	spaceTree = 2_300_000_000 // an unpacked source
	spaceObj  = 700_000_000   // objects and outputs of one configuration
)

// tree is a work tree: one source, any number of object trees (one for each
// configuration), one lock. Builds of one source follow each other in it, each
// starting from the objects of the one before.
type tree struct {
	cache   *cache.Cache
	report  progress.Func
	dir     string
	src     string
	overlay *overlay
	lock    *cache.Lock
}

// openTree locks the work tree of a source; purpose is what others read while
// they wait.
func openTree(ctx context.Context, c *cache.Cache, report progress.Func, id, purpose string) (*tree, error) {
	t := &tree{cache: c, report: report, dir: c.Path(roomTrees, id)}
	t.src = filepath.Join(t.dir, "src")
	var err error
	t.lock, err = c.Lock(ctx, filepath.Join(roomTrees, id, "lock"), purpose, func(holder string) {
		report.Wait("kernel.tree", "waiting for "+holder+", which uses the same kernel source")
	})
	if err != nil {
		return nil, err
	}
	t.overlay, err = openOverlay(t.src, filepath.Join(t.dir, "overlay"), t.lastMake)
	if err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *tree) close() { t.lock.Unlock() }

// clear forgets the source and its patches.
func (t *tree) clear() error {
	t.overlay.journal = map[string]saved{}
	return errors.Join(os.RemoveAll(t.src), os.RemoveAll(t.overlay.dir))
}

func (t *tree) stampPath() string { return filepath.Join(t.dir, "last-make") }

// lastMake is when a make last ran here; the zero time if never.
func (t *tree) lastMake() time.Time {
	st, err := os.Stat(t.stampPath())
	if err != nil {
		return time.Time{}
	}
	return st.ModTime()
}

// objTree is where one configuration of a tree is compiled.
type objTree struct {
	dir string
}

// state is what an object tree remembers between builds, in state.json.
type state struct {
	ConfigInputs string        `json:"config_inputs"` // what the config was made from
	Complete     bool          `json:"complete"`      // a whole build went through once
	Lines        int           `json:"lines"`         // lines that it printed, 0 if it was resumed
	Took         time.Duration `json:"took"`          // time that it took, 0 if it was resumed
}

func (o *objTree) file(name string) string { return filepath.Join(o.dir, name) }

func (o *objTree) load() state {
	var s state
	if text, err := os.ReadFile(o.file("state.json")); err == nil && json.Unmarshal(text, &s) != nil {
		return state{}
	}
	return s
}

func (o *objTree) save(s state) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return renameio.WriteFile(o.file("state.json"), text, 0o644)
}

// marker exists while make may be writing. If it exists at the start of a build,
// the previous build died.
func (o *objTree) marker() string { return o.file("building") }

func (o *objTree) obj() string { return o.file("obj") }

// doubtful is how far back the objects of a dead build are removed. Kbuild
// trusts every existing file: one truncated by a power failure would go into all
// later kernels. The page cache is on disk after half a minute; two leave room
// for slow disks.
const doubtful = 2 * time.Minute

// begin sets the marker.
func (o *objTree) begin() error { return renameio.WriteFile(o.marker(), nil, 0o644) }

// end removes the marker, once all that was written is on disk.
func (o *objTree) end() error {
	if err := settle(o.dir); err != nil {
		return err
	}
	return os.Remove(o.marker())
}

// recover removes what a dead build wrote last and reports whether it did.
// Older files were on disk before that build began.
func (o *objTree) recover() (bool, error) {
	mark, err := os.Stat(o.marker())
	if err != nil {
		return false, nil
	}
	var died time.Time
	each := func(visit func(path string, when time.Time) error) error {
		return filepath.WalkDir(o.obj(), func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			st, err := d.Info()
			if err != nil {
				return err
			}
			return visit(path, st.ModTime())
		})
	}
	err = each(func(_ string, when time.Time) error {
		if when.After(died) {
			died = when
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	err = each(func(path string, when time.Time) error {
		if when.Before(died.Add(-doubtful)) || when.Before(mark.ModTime()) {
			return nil
		}
		return os.Remove(path)
	})
	if err != nil {
		return false, err
	}
	return true, os.Remove(o.marker())
}

// objects counts the finished objects, to tell how much of a build is left.
func (o *objTree) objects() int {
	n := 0
	filepath.WalkDir(o.obj(), func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".cmd" {
			n++
		}
		return nil
	})
	return n
}
