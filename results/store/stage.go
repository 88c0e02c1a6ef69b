package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"

	"loopfault/results/safefile"
)

// Stage is a run that is put together from others. It lies in the results directory under a hidden name until it is
// published, so that half of it is not taken for a run.
type Stage struct {
	Dir   string
	Root  *os.Root // of Dir
	store *Store
	name  string
	lock  *os.File // held while somebody works on it
}

const stagePrefix = ".merging-"

// Stage begins a run. What processes that were killed left of theirs is removed.
func (s *Store) Stage() (*Stage, error) {
	if err := s.sweep(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(s.dir, stagePrefix)
	if err != nil {
		return nil, fmt.Errorf("results directory: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	st := &Stage{Dir: dir, Root: root, store: s, name: filepath.Base(dir)}
	if st.lock, err = safefile.AppendIn(dir, journalFile); err == nil {
		err = lock(st.lock)
	}
	if err == nil {
		err = root.Mkdir("trials", 0o755)
	}
	if err != nil {
		return nil, errors.Join(err, st.Discard())
	}
	return st, nil
}

// sweep removes stages that no process works on.
func (s *Store) sweep() error {
	entries, err := safefile.ListIn(s.dir, ".")
	if err != nil {
		return fmt.Errorf("results directory: %w", err)
	}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), stagePrefix) {
			continue
		}
		file, err := safefile.OpenIn(filepath.Join(s.dir, e.Name()), journalFile)
		if err != nil {
			continue // somebody has only just begun it
		}
		if lock(file) == nil {
			err = root.RemoveAll(e.Name())
		}
		file.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// Publish makes it a run of the store, whole and on disk, with a name of its own, and points "latest" at it.
func (st *Stage) Publish(m Manifest, summary any, files ...File) (*Run, error) {
	name, err := st.store.free(m)
	if err != nil {
		return nil, err
	}
	m.Run, m.Format = name, Format
	staged := &Run{Dir: st.Dir, Name: name}
	for _, f := range files {
		if err := staged.Write(f.Name, f.Text); err != nil {
			return nil, err
		}
	}
	if err := staged.WriteSummary(summary); err != nil {
		return nil, err
	}
	if err := staged.writeJSON("manifest.json", m); err != nil {
		return nil, err
	}
	// Once for all of its files, which may be a million.
	if err := unix.Syncfs(int(st.lock.Fd())); err != nil {
		return nil, fmt.Errorf("run %s: %w", name, err)
	}
	root, err := os.OpenRoot(st.store.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if err := root.Chmod(st.name, 0o755); err != nil {
		return nil, err
	}
	results, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	defer results.Close()
	// The kernel's own rename replaces the empty directory, which os.Rename does not.
	at := int(results.Fd())
	if err := unix.Renameat(at, st.name, at, name); err != nil {
		return nil, errors.Join(fmt.Errorf("run %s: %w", name, err), root.Remove(name))
	}
	st.name = ""
	if err := results.Sync(); err != nil {
		return nil, err
	}
	if err := renameio.Symlink(name, filepath.Join(st.store.dir, "latest")); err != nil {
		return nil, fmt.Errorf("point latest at the run: %w", err)
	}
	return &Run{Dir: filepath.Join(st.store.dir, name), Name: name}, nil
}

// free reserves a name by an empty directory.
func (s *Store) free(m Manifest) (string, error) {
	name, err := s.reserve(m.Started, m.Name)
	if err != nil {
		return "", err
	}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	return name, root.Remove(filepath.Join(name, "trials"))
}

// Discard ends the work, and removes what was not published.
func (st *Stage) Discard() error {
	var errs []error
	if st.lock != nil {
		errs = append(errs, st.lock.Close())
	}
	errs = append(errs, st.Root.Close())
	if st.name != "" {
		root, err := os.OpenRoot(st.store.dir)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		defer root.Close()
		errs = append(errs, root.RemoveAll(st.name))
	}
	return errors.Join(errs...)
}
