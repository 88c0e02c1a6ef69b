package merge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"loopfault/results/safefile"
	"loopfault/results/store"
)

// maxRecord bounds what is read of a manifest or a journal, in bytes.
const maxRecord = 64 << 20

// found is what lies in the trees that are merged.
type found struct {
	shards   []*shard
	passedBy int
	seen     map[string]bool // directories
}

func (f *found) close() {
	for _, s := range f.shards {
		s.close()
	}
}

// find looks for shards in all places. Archives are unpacked into the stage.
func find(ctx context.Context, places []string, stage *store.Stage) (_ *found, err error) {
	f := &found{seen: map[string]bool{}}
	defer func() {
		if err != nil {
			f.close()
		}
	}()
	for i, place := range places {
		dir, err := placeOf(ctx, place, stage, i)
		if err != nil {
			return nil, err
		}
		if err := f.look(ctx, dir, place); err != nil {
			return nil, err
		}
	}
	if len(f.shards) == 0 {
		return nil, fmt.Errorf("there is no shard in %s, and %d runs that are none: shards are runs of run, compare or explore with --shard; those of a matrix are found by its records, in directories",
			strings.Join(places, ", "), f.passedBy)
	}
	return f, nil
}

// archives is where archives are unpacked, in the stage.
const archives = ".archives"

// placeOf is the directory to look in: the place itself, or what is in an archive.
func placeOf(ctx context.Context, place string, stage *store.Stage, i int) (string, error) {
	if safefile.IsDir(place) {
		return place, nil
	}
	f, err := safefile.Open(place)
	if err != nil {
		return "", err
	}
	defer f.Close()
	name := filepath.Join(archives, fmt.Sprint(i))
	if err := unpack(ctx, f, stage.Root, name); err != nil {
		return "", fmt.Errorf("%s: %w", place, err)
	}
	return filepath.Join(stage.Dir, name), nil
}

// look walks a tree for runs. It follows no links, so that "latest" is not a second run,
// and does not look for runs inside of runs.
func (f *found) look(ctx context.Context, dir, called string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(path string, e fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return fmt.Errorf("%s: %w", called, err)
		case !e.IsDir():
			return nil
		case path != "." && e.Name()[0] == '.':
			return fs.SkipDir // a merge in progress, or an editor's
		}
		info, err := root.Lstat(filepath.Join(path, "manifest.json"))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		where := filepath.Join(called, path)
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is no regular file: not followed", filepath.Join(where, "manifest.json"))
		}
		run, err := root.OpenRoot(path)
		if err != nil {
			return err
		}
		if err := f.take(&shard{dir: where, path: filepath.Join(dir, path), root: run}, path == "."); err != nil {
			return err
		}
		return fs.SkipDir
	})
}

// take keeps a run if it is a shard; one that was named itself has to be.
func (f *found) take(s *shard, named bool) (err error) {
	keep := false
	defer func() {
		if !keep {
			s.close()
		}
	}()
	key, err := identity(s.root)
	if err != nil || f.seen[key] { // named twice
		return err
	}
	f.seen[key] = true
	if err := s.read(); err != nil {
		return err
	}
	switch is := s.manifest.Shard != (store.Shard{}); {
	case !is && named:
		return fmt.Errorf("%s is no shard: it was run without --shard, or merged", s.dir)
	case !is:
		f.passedBy++
		return nil
	}
	f.shards, keep = append(f.shards, s), true
	return nil
}

// read reads what a run says of itself, and keeps writers off it.
func (s *shard) read() error {
	text, err := readFile(s.root, s.dir, "manifest.json", maxRecord)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &s.manifest); err != nil {
		return fmt.Errorf("%s: damaged: %w", filepath.Join(s.dir, "manifest.json"), err)
	}
	if s.manifest.Format != store.Format {
		return fmt.Errorf("%s: manifest.json is of format %d, this loopfault reads %d", s.dir, s.manifest.Format, store.Format)
	}
	if s.manifest.Shard == (store.Shard{}) {
		return nil
	}
	run := &store.Run{Dir: s.path, Name: s.manifest.Run}
	if s.release, err = run.Hold(); errors.Is(err, store.ErrBusy) {
		return fmt.Errorf("%s: %w: wait for it, or leave it out", s.dir, err)
	} else if err != nil {
		return fmt.Errorf("%s: %w", s.dir, err)
	}
	s.ended, err = run.Ended()
	return err
}

// list reads which trials have a verdict.
func (s *shard) list() error {
	info, err := s.root.Lstat("trials")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no directory: not followed", filepath.Join(s.dir, "trials"))
	}
	if err != nil {
		return err
	}
	entries, err := fs.ReadDir(s.root.FS(), "trials")
	if err != nil {
		return fmt.Errorf("%s: %w", s.dir, err)
	}
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		if err != nil || store.TrialFile(n, "") != filepath.Join("trials", e.Name()) {
			continue // none of the program's
		}
		if !e.IsDir() {
			return fmt.Errorf("%s is no directory: not followed", filepath.Join(s.dir, "trials", e.Name()))
		}
		if _, err := s.root.Lstat(store.TrialFile(n, verdictFile)); errors.Is(err, fs.ErrNotExist) {
			continue // it did not end
		} else if err != nil {
			return err
		}
		s.trials = append(s.trials, n)
	}
	return nil
}
