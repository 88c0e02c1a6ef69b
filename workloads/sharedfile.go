package workloads

import (
	"context"
	"math/rand/v2"
	"os"

	"loopfault/workloads/wire"
)

func sharedFile(spec wire.SharedFile) []Worker {
	workers := processes("sharedfile", spec.Processes, spec.UIDs, func(ctx context.Context, env Env, i int) error {
		if err := env.takeSide(ctx, spec.Rival, i); err != nil {
			return err
		}
		s := sharedFiles{env: env, open: map[int]*os.File{}, buf: make([]byte, spec.MaxWrite)}
		defer s.closeAll()
		for ctx.Err() == nil {
			env.Beat.Done(s.do(nextSharedOp(env.Rand, spec, i)))
		}
		return nil
	})
	return append(workers, rival(spec.Rival)...)
}

type sharedKind int

const (
	sharedWrite sharedKind = iota
	sharedSync
	sharedTruncate
	sharedClose
	sharedUnlink
)

// sharedOp is one operation, decided from random numbers alone, so that the
// sequence does not depend on the kernel's results.
type sharedOp struct {
	kind   sharedKind
	file   int
	offset int64
	length int64
}

// nextSharedOp draws the next operation of process i. Neighbours share files:
// process i works on every Files/Processes-th part of them and on those of the
// Sharers-1 processes after it. Closing is frequent, because the last close of
// a file is what returns its layout.
func nextSharedOp(r *rand.Rand, spec wire.SharedFile, i int) sharedOp {
	home := (i + r.IntN(spec.Sharers)) % spec.Processes
	own := (spec.Files + spec.Processes - 1 - home) / spec.Processes // files f with f % Processes == home
	op := sharedOp{
		file:   home + spec.Processes*r.IntN(own),
		offset: r.Int64N(256) << 12,
		length: 1 + r.Int64N(int64(spec.MaxWrite)),
	}
	switch p := r.IntN(100); {
	case p < 45:
		op.kind = sharedWrite
	case p < 52:
		op.kind = sharedSync
	case p < 57:
		op.kind = sharedTruncate
	case p < 97:
		op.kind = sharedClose
	default:
		op.kind = sharedUnlink
	}
	if spec.Keep {
		switch op.kind {
		case sharedTruncate:
			op.kind = sharedWrite
		case sharedUnlink:
			op.kind = sharedClose
		}
	}
	return op
}

type sharedFiles struct {
	env  Env
	open map[int]*os.File
	buf  []byte
}

func (s *sharedFiles) do(op sharedOp) error {
	path := sharedPath(s.env.Load, op.file)
	if op.kind == sharedUnlink {
		if err := os.Remove(path); !os.IsNotExist(err) {
			return err
		}
		return nil // somebody else was first
	}
	f := s.open[op.file]
	if op.kind == sharedClose {
		if f == nil {
			return nil
		}
		delete(s.open, op.file)
		return f.Close()
	}
	if f == nil {
		var err error
		if f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, s.env.mode(sharedMode)); err != nil {
			return err
		}
		s.open[op.file] = f
	}
	switch op.kind {
	case sharedSync:
		return f.Sync()
	case sharedTruncate:
		return f.Truncate(op.offset)
	default:
		_, err := f.WriteAt(s.buf[:op.length], op.offset)
		return err
	}
}

func (s *sharedFiles) closeAll() {
	for _, f := range s.open {
		f.Close()
	}
}
