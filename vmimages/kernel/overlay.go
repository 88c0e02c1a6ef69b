package kernel

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/renameio/v2"
)

// overlay is the undo journal of a source tree that patches change in place. A
// file's unpatched content is saved and on disk before the file changes for the
// first time, and stays until the file is back to it. Nothing has to be restored
// at once: the next use of the tree says what it wants, and the difference is
// applied, whatever state a dead process left.
//
// Every change of content gives the file the current time. Restoring the old
// time would hide the change from make, which would then keep the object that
// was compiled from the patched file.
type overlay struct {
	src     string // tree that is changed
	dir     string // holds journal.json and pristine/
	notOld  func() time.Time
	journal map[string]saved
}

type saved struct {
	Absent bool        `json:"absent,omitempty"`
	Mode   fs.FileMode `json:"mode,omitempty"`
	SHA256 string      `json:"sha256,omitempty"`
}

// openOverlay reads the journal. notOld returns a time that every file that
// changes now must be younger than: the end of the last build.
func openOverlay(src, dir string, notOld func() time.Time) (*overlay, error) {
	o := &overlay{src: src, dir: dir, notOld: notOld, journal: map[string]saved{}}
	text, err := os.ReadFile(o.journalPath())
	if errors.Is(err, fs.ErrNotExist) {
		return o, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &o.journal)
	}
	return o, err
}

func (o *overlay) journalPath() string          { return filepath.Join(o.dir, "journal.json") }
func (o *overlay) pristinePath(p string) string { return filepath.Join(o.dir, "pristine", p) }

// pristine returns a file as it is without patches.
func (o *overlay) pristine(path string) (content, error) {
	s, ok := o.journal[path]
	if !ok {
		return readContent(filepath.Join(o.src, path))
	}
	if s.Absent {
		return content{absent: true}, nil
	}
	data, err := os.ReadFile(o.pristinePath(path))
	return content{data: data, mode: s.Mode}, err
}

// set makes the tree look like its pristine state with want on top.
func (o *overlay) set(want map[string]content) error {
	if err := o.save(want); err != nil {
		return err
	}
	var done []string
	for path := range o.journal {
		c, patched := want[path]
		if !patched {
			var err error
			if c, err = o.pristine(path); err != nil {
				return err
			}
			done = append(done, path)
		}
		if err := o.put(path, c); err != nil {
			return err
		}
	}
	if len(done) == 0 {
		return nil
	}
	for _, path := range done {
		delete(o.journal, path)
	}
	if err := o.write(); err != nil {
		return err
	}
	for _, path := range done {
		os.Remove(o.pristinePath(path))
	}
	return nil
}

// save notes the pristine content of files that are patched for the first time.
func (o *overlay) save(want map[string]content) error {
	fresh := false
	for path := range want {
		if _, ok := o.journal[path]; ok {
			continue
		}
		c, err := readContent(filepath.Join(o.src, path))
		if err != nil {
			return err
		}
		if err := o.keep(path, c); err != nil {
			return err
		}
		fresh = true
	}
	if !fresh {
		return nil
	}
	return o.write()
}

// keep stores c as a file's pristine content; write makes it count.
func (o *overlay) keep(path string, c content) error {
	s := saved{Absent: c.absent}
	if !c.absent {
		sum := sha256.Sum256(c.data)
		s.Mode, s.SHA256 = c.mode, hex.EncodeToString(sum[:])
		to := o.pristinePath(path)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := renameio.WriteFile(to, c.data, 0o644); err != nil {
			return err
		}
	}
	o.journal[path] = s
	return nil
}

func (o *overlay) write() error {
	text, err := json.MarshalIndent(o.journal, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	return renameio.WriteFile(o.journalPath(), text, 0o644)
}

// put changes one file of the tree, unless it already looks like c.
func (o *overlay) put(path string, c content) error {
	to := filepath.Join(o.src, path)
	now, err := readContent(to)
	if err != nil {
		return err
	}
	if now.equal(c) {
		return nil
	}
	if c.absent {
		return os.Remove(to)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := renameio.WriteFile(to, c.data, c.mode, renameio.IgnoreUmask()); err != nil {
		return err
	}
	stamp := time.Now()
	if last := o.notOld(); !stamp.After(last) {
		stamp = last.Add(time.Millisecond)
	}
	return os.Chtimes(to, stamp, stamp)
}

// touched returns the files that differ from pristine, sorted.
func (o *overlay) touched() []string {
	var paths []string
	for p := range o.journal {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return paths
}
