package workloads

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"loopfault/workloads/wire"
)

func state(spec wire.State) []Worker {
	workers := processes("state", spec.Processes, spec.UIDs, func(ctx context.Context, env Env, i int) error {
		if err := env.takeSide(ctx, spec.Rival, i); err != nil {
			return err
		}
		s, err := newStateProcess(env, spec, i)
		if err != nil {
			return err
		}
		for ctx.Err() == nil {
			env.Beat.Done(s.do(nextStateOp(env.Rand, spec, i)))
		}
		return nil
	})
	if spec.Plant > 0 {
		workers = append(workers, Worker{
			Name: "planter/0",
			Run: func(ctx context.Context, env Env) error {
				for pause(ctx, Jitter(env.Rand, spec.Plant.D())) {
					env.Beat.Done(plant(env))
				}
				return nil
			},
		})
	}
	return append(workers, rival(spec.Rival)...)
}

type stateKind int

const (
	stateWrite stateKind = iota
	stateSync
	stateClose
	stateCheck
	stateLook
	stateLock
	stateRename
	stateUnlink
)

// stateOp is one operation, decided from random numbers alone.
type stateOp struct {
	kind   stateKind
	file   int
	block  int
	other  int // stateLook: whose file
	lockOp     // stateLock
}

// nextStateOp draws the next operation of process i. A file sees some twenty
// operations between two that change its name, and as many closes as syncs.
func nextStateOp(r *rand.Rand, spec wire.State, i int) stateOp {
	op := stateOp{file: r.IntN(spec.Files), block: r.IntN(spec.Blocks)}
	if spec.LocksOnly {
		op.kind, op.lockOp = stateLock, nextLockOp(r, spec, i)
		op.wait = true
		return op
	}
	switch p := r.IntN(100); {
	case p < 28:
		op.kind = stateWrite
	case p < 38:
		op.kind = stateSync
	case p < 48:
		op.kind = stateClose
	case p < 68:
		op.kind = stateCheck
	case p < 76:
		op.kind = stateLook
		op.other = r.IntN(spec.Processes)
	case p < 94 && spec.Locks > 0:
		op.kind = stateLock
		op.lockOp = nextLockOp(r, spec, i)
	case p < 97:
		op.kind = stateRename
	default:
		op.kind = stateUnlink
	}
	return op
}

// nextLockOp draws a turn with a lock. A process uses one type of lock only: to the kernel the
// two types are two owners.
func nextLockOp(r *rand.Rand, spec wire.State, i int) lockOp {
	op := lockOp{lock: r.IntN(spec.Locks), wait: r.IntN(4) == 0, ofd: i%4 > 1, hold: holdFor(r, spec.Hold.D())}
	if spec.Interrupt > 0 {
		op.patience = Jitter(r, spec.Interrupt.D())
	}
	return op
}

// stateProcess is one process: its files, by number, and its share of the locks.
type stateProcess struct {
	env    Env
	spec   wire.State
	index  int
	made   uint64 // files so far, for their ids
	files  []*ownFile
	locks  *lockRecords
	lookAt []byte
}

func newStateProcess(env Env, spec wire.State, i int) (*stateProcess, error) {
	beliefs, err := openBeliefs(filepath.Join(env.Records, "beliefs"))
	if err != nil {
		return nil, err
	}
	s := &stateProcess{env: env, spec: spec, index: i, lookAt: make([]byte, pageSize)}
	s.locks = &lockRecords{
		env: env, path: filepath.Join(env.Load, "state-locks"), self: int64(os.Getpid()),
		alive: aliveInGuest, beliefs: beliefs, page: make([]byte, pageSize),
	}
	for n := range spec.Files {
		s.files = append(s.files, s.newFile(n))
	}
	return s, nil
}

// newFile is file n anew, with an id that no file ever had.
func (s *stateProcess) newFile(n int) *ownFile {
	s.made++
	id := uint64(s.index+1)<<32 | s.made
	return newOwnFile(s.env, s.name(s.index, n, s.made%2 == 0), id, s.spec.Blocks)
}

// name is one of a file's two names.
func (s *stateProcess) name(process, n int, second bool) string {
	suffix := "a"
	if second {
		suffix = "b"
	}
	return filepath.Join(s.env.Load, fmt.Sprintf("state-%03d-%03d-%s", process, n, suffix))
}

func (s *stateProcess) do(op stateOp) error {
	o := s.files[op.file]
	switch op.kind {
	case stateWrite:
		return o.write(op.block)
	case stateSync:
		return o.sync()
	case stateClose:
		return o.close()
	case stateCheck:
		return o.check(op.block)
	case stateLook:
		return s.look(op)
	case stateLock:
		return s.locks.turn(op.lockOp)
	case stateRename:
		return s.orGiveUp(op.file, o.rename(s.name(s.index, op.file, strings.HasSuffix(o.path, "a"))))
	default:
		return s.remove(op.file)
	}
}

// remove unlinks a file and starts a new one.
func (s *stateProcess) remove(n int) error {
	o := s.files[n]
	if !o.made {
		return nil
	}
	err := errors.Join(os.Remove(o.path), o.close())
	s.files[n] = s.newFile(n)
	s.files[n].path = o.path
	if err != nil {
		return s.orGiveUp(n, err)
	}
	return nil
}

// orGiveUp abandons a file that may or may not have been renamed: a request that
// is retransmitted after the server lost its reply cache may fail though it was
// done. It tries to free both names.
func (s *stateProcess) orGiveUp(n int, err error) error {
	if err == nil {
		return nil
	}
	for _, second := range []bool{false, true} {
		if rerr := os.Remove(s.name(s.index, n, second)); rerr != nil && !errors.Is(rerr, os.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
	}
	err = errors.Join(err, s.files[n].close())
	s.files[n] = s.newFile(n)
	return err
}

// look reads another process's file, and can check only that each block is valid.
// Not all file systems of a server read and write pages atomically, so a bad block
// is read again.
func (s *stateProcess) look(op stateOp) error {
	const looks = 3
	var bad error
	for range looks {
		f, err := os.Open(s.name(op.other, op.file, false))
		if errors.Is(err, os.ErrNotExist) {
			return nil // it has its other name now, or none
		}
		if err != nil {
			return err
		}
		n, err := readFresh(f, s.lookAt, op.block)
		f.Close()
		if err != nil || n < pageSize {
			return err
		}
		id, err := readBlock(s.lookAt)
		if err == nil && id.generation > 0 && id.block != uint64(op.block) {
			err = fmt.Errorf("it is block %d", id.block)
		}
		if bad = err; bad == nil {
			return nil
		}
		time.Sleep(lookAgain)
	}
	s.env.found(wire.DataCorruption, "a block holds what was never written", "%s, block %d: %v", s.name(op.other, op.file, false), op.block, bad)
	return nil
}

// lookAgain is the pause before a transient condition is checked again.
const lookAgain = 50 * time.Millisecond

// plant changes one byte of some process's file on the exported file system.
func plant(env Env) error {
	paths, err := filepath.Glob(filepath.Join(env.Behind, "state-*-*-[ab]"))
	if err != nil || len(paths) == 0 {
		return err
	}
	f, err := os.OpenFile(paths[env.Rand.IntN(len(paths))], os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	at := env.Rand.Int64N(info.Size())
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		return err
	}
	b[0] ^= 0xff
	_, err = f.WriteAt(b[:], at)
	return err
}
