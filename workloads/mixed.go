package workloads

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"loopfault/workloads/wire"
)

// mixed are root's processes, which may make snapshots. Every other one works on the other
// client.
func mixed(spec wire.Mixed) []Worker {
	return processes("mixed", spec.Processes, []int{0}, func(ctx context.Context, env Env, i int) error {
		dir := env.Load
		if i%2 == 1 {
			dir = env.Behind
		}
		m := mixedFiles{dir: dir, process: i, buf: make([]byte, spec.MaxWrite)}
		for ctx.Err() == nil {
			env.Beat.Done(m.do(nextMixedOp(env.Rand, spec)))
		}
		return nil
	})
}

type mixedKind int

const (
	mixedWrite mixedKind = iota
	mixedTruncate
	mixedEmpty
	mixedRead
	mixedAhead
	mixedSync
	mixedStat
	mixedUnlink
	mixedRename
	mixedSnapshot
)

// mixedOp is one operation, decided from random numbers alone.
type mixedOp struct {
	kind     mixedKind
	file, to int // to: its new name, or which snapshot
	offset   int64
	length   int64
}

// nextMixedOp draws the next operation. Most files are small, and many are gone, or have another
// name, while what was written to them is still on its way.
func nextMixedOp(r *rand.Rand, spec wire.Mixed) mixedOp {
	op := mixedOp{file: r.IntN(spec.Files), to: r.IntN(spec.Files), offset: r.Int64N(8) << 12, length: 1 + r.Int64N(int64(spec.MaxWrite))}
	switch p := r.IntN(100); {
	case p < 35:
		op.kind = mixedWrite
	case p < 47:
		op.kind = mixedTruncate
	case p < 52:
		op.kind = mixedEmpty
	case p < 65:
		op.kind = mixedRead
	case p < 73:
		op.kind = mixedAhead
	case p < 78:
		op.kind = mixedSync
	case p < 83:
		op.kind = mixedStat
	case p < 91:
		op.kind = mixedUnlink
	case p < 97 || spec.Snapshots == 0:
		op.kind = mixedRename
	default:
		op.kind = mixedSnapshot
		op.to = r.IntN(spec.Snapshots)
	}
	return op
}

type mixedFiles struct {
	dir     string
	process int
	buf     []byte
}

// do does one operation. That a file is not there is no failure: another process was first.
func (m mixedFiles) do(op mixedOp) error {
	path := m.path(op.file)
	err := m.on(path, op)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func (m mixedFiles) path(n int) string { return filepath.Join(m.dir, fmt.Sprintf("mixed-%03d", n)) }

func (m mixedFiles) on(path string, op mixedOp) error {
	switch op.kind {
	case mixedTruncate:
		return os.Truncate(path, op.offset)
	case mixedEmpty:
		return m.with(path, os.O_WRONLY|os.O_TRUNC, func(*os.File) error { return nil })
	case mixedRead:
		return m.with(path, os.O_RDONLY, func(f *os.File) error {
			_, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{f}, m.buf)
			return err
		})
	case mixedAhead:
		return askAhead(path)
	case mixedSync:
		return m.with(path, os.O_WRONLY, (*os.File).Sync)
	case mixedStat:
		return stat(path)
	case mixedUnlink:
		return os.Remove(path)
	case mixedRename:
		return os.Rename(path, m.path(op.to))
	case mixedSnapshot:
		return m.snapshot(op.to)
	default:
		return m.with(path, os.O_WRONLY|os.O_CREATE, func(f *os.File) error {
			_, err := f.WriteAt(m.buf[:op.length], op.offset)
			return err
		})
	}
}

func (mixedFiles) with(path string, flags int, do func(f *os.File) error) error {
	f, err := os.OpenFile(path, flags, sharedMode)
	if err != nil {
		return err
	}
	return errors.Join(do(f), f.Close())
}

// snapshot makes a snapshot of the directory, or removes the one of that number: CephFS has
// them as directories below .snap.
func (m mixedFiles) snapshot(n int) error {
	path := filepath.Join(m.dir, ".snap", fmt.Sprintf("mixed-%d-%d", m.process, n))
	err := os.Mkdir(path, 0o755)
	if errors.Is(err, os.ErrExist) {
		return os.Remove(path)
	}
	return err
}
