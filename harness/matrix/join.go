package matrix

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"loopfault/errs"
	"loopfault/harness/merge"
	"loopfault/results/safefile"
	"loopfault/results/store"
	"loopfault/results/summary"
)

// Join makes one matrix of the records of its shards, which it looks for in directories at any depth, and copies the
// runs of their cells beside it. Cells of shards that are missing or have not run them stay waiting: the joined matrix
// can be resumed. It is nil if there is no record of a shard. What is wrong with the shards is the user's error.
func Join(ctx context.Context, places []string, results string) (*Joined, error) {
	shards, err := findShards(ctx, places)
	if err != nil || len(shards) == 0 {
		return nil, errs.ByUser(err)
	}
	joined, err := layOut(shards)
	if err != nil {
		return nil, errs.ByUser(err)
	}
	if _, err := store.Open(results); err != nil {
		return nil, errs.ByUser(err)
	}
	for i := range joined.Cells {
		c := &joined.Cells[i]
		from := owner(shards, i)
		if from == nil {
			continue
		}
		*c = from.Cells[i]
		if c.Row == nil {
			continue
		}
		row := *c.Row
		if row.Run, err = merge.Bring(filepath.Dir(from.path), row.Run, results); err != nil {
			return nil, fmt.Errorf("the run of %s on %s, which %s names: %w", c.Ref, c.Kernel, from.path, err)
		}
		c.Row = &row
	}
	if joined.path, err = store.NewRecord(results, kind, time.Now()); err != nil {
		return nil, err
	}
	return &Joined{joined}, joined.Save()
}

// Joined is a matrix that was joined of its shards.
type Joined struct{ *Record }

// Fprint prints it, and how what is missing is run.
func (j *Joined) Fprint(w io.Writer) {
	j.Record.Fprint(w)
	if n := j.Waiting(); n > 0 {
		fmt.Fprintf(w, "not complete: %d cells have not run: run or go on with their shards and merge again, or run them here with loopfault matrix --resume %s\n", n, j.Name())
	}
}

// Judge is the judgement of all cells.
func (j *Joined) Judge() summary.Judgement {
	return j.Record.Judge().Missing(j.Waiting() > 0)
}

// Waiting is how many cells have not run.
func (r *Record) Waiting() (n int) {
	for _, c := range r.Cells {
		if c.State == Waiting {
			n++
		}
	}
	return n
}

// findShards reads all records of shards.
func findShards(ctx context.Context, places []string) (list []*Record, err error) {
	for _, place := range places {
		if !safefile.IsDir(place) {
			continue
		}
		root, err := os.OpenRoot(place)
		if err != nil {
			return nil, err
		}
		err = fs.WalkDir(root.FS(), ".", func(path string, e fs.DirEntry, err error) error {
			switch {
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case err != nil:
				return fmt.Errorf("%s: %w", place, err)
			case !e.IsDir():
				return nil
			case path != "." && strings.HasPrefix(e.Name(), "."):
				return fs.SkipDir
			}
			if _, err := root.Lstat(filepath.Join(path, "manifest.json")); err == nil {
				return fs.SkipDir // a run
			}
			found, err := shardsIn(filepath.Join(place, path))
			list = append(list, found...)
			return err
		})
		root.Close()
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(list, func(a, b *Record) int {
		return cmp.Or(cmp.Compare(a.Request.Shard.Number, b.Request.Shard.Number), a.Started.Compare(b.Started))
	})
	return list, nil
}

func shardsIn(dir string) (list []*Record, err error) {
	paths, err := store.Records(dir, kind)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		rec := &Record{path: path}
		if err := store.ReadRecord(path, recordFormat, rec); err != nil {
			return nil, err
		}
		if err := rec.Request.Check(); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if rec.Request.Shard.Of > 0 {
			list = append(list, rec)
		}
	}
	return list, nil
}

// layOut is the whole matrix, in which nothing has run, after making sure that all shards are of it.
func layOut(shards []*Record) (*Record, error) {
	request := func(r *Record) Request {
		q := r.Request
		q.Shard = store.Shard{}
		return q
	}
	first := shards[0]
	joined := &Record{Format: recordFormat, Started: first.Started, Request: request(first), Cells: slices.Clone(first.Cells)}
	for _, s := range shards {
		if !reflect.DeepEqual(request(s), joined.Request) || s.Request.Shard.Of != first.Request.Shard.Of || len(s.Cells) != len(joined.Cells) {
			return nil, fmt.Errorf("%s is no shard of the matrix that %s is one of: they were not asked for the same cells with the same seed", s.path, first.path)
		}
		if s.Started.Before(joined.Started) {
			joined.Started = s.Started
		}
		for i, c := range s.Cells {
			if c.Ref.String() != joined.Cells[i].Ref.String() || c.Kernel != joined.Cells[i].Kernel {
				return nil, fmt.Errorf("%s is no shard of the matrix that %s is one of: its cell %d is %s on %s", s.path, first.path, i+1, c.Ref, c.Kernel)
			}
			if (c.Row != nil) != (c.State == Done) {
				return nil, errors.New(s.path + " is damaged: a cell that is done has a result, and no other has")
			}
		}
	}
	for i := range joined.Cells {
		if c := &joined.Cells[i]; c.State == OtherShard || c.State == Done {
			c.State, c.Row = Waiting, nil
		}
	}
	return joined, nil
}

// owner is the shard that says what became of a cell: of two that ran it, the one that began first.
func owner(shards []*Record, i int) *Record {
	var waiting *Record
	for _, s := range shards {
		switch s.Cells[i].State {
		case OtherShard:
		case Waiting:
			waiting = s
		default:
			return s
		}
	}
	return waiting
}
