package workloads

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"

	"loopfault/workloads/wire"
)

func directory(spec wire.Directory) []Worker {
	workers := processes("directory", spec.Processes, spec.UIDs, func(ctx context.Context, env Env, i int) error {
		if err := env.takeSide(ctx, spec.Rival, i); err != nil {
			return err
		}
		for stat(directoryPath(env.Load, spec.Directories-1)) != nil { // the server's workers have not made the last one yet
			if !pause(ctx, lookAgain) {
				return nil
			}
		}
		for ctx.Err() == nil {
			env.Beat.Done(nextDirectoryOp(env.Rand, spec).do(env.Load))
		}
		return nil
	})
	for i := range spec.Server {
		workers = append(workers, Worker{
			Name: fmt.Sprintf("directory-server/%d", i),
			Run: func(ctx context.Context, env Env) error {
				if err := makeDirectories(env.Behind, spec.Directories); err != nil {
					return err
				}
				for pause(ctx, Jitter(env.Rand, spec.Every.D())) {
					env.Beat.Done(nextDirectoryOp(env.Rand, spec).do(env.Behind))
				}
				return nil
			},
		})
	}
	return append(workers, rival(spec.Rival)...)
}

func directoryPath(root string, n int) string {
	return filepath.Join(root, fmt.Sprintf("directory-%03d", n))
}

// makeDirectories makes those that all change, whoever they are.
func makeDirectories(root string, n int) error {
	for i := range n {
		path := directoryPath(root, i)
		if err := os.Mkdir(path, 0o777); err != nil && !os.IsExist(err) {
			return err
		}
		if err := os.Chmod(path, 0o777); err != nil { // whatever the umask
			return err
		}
	}
	return nil
}

type directoryKind int

const (
	makeDirectory directoryKind = iota
	removeDirectory
	makeFile
	removeFile
	renameFile
	listDirectory
	directoryKinds
)

// directoryOp is one operation, decided from random numbers alone.
type directoryOp struct {
	kind           directoryKind
	in, to         int // directories
	entry, renamed int
}

func nextDirectoryOp(r *rand.Rand, spec wire.Directory) directoryOp {
	return directoryOp{
		kind: directoryKind(r.IntN(int(directoryKinds))),
		in:   r.IntN(spec.Directories), to: r.IntN(spec.Directories),
		entry: r.IntN(spec.Entries), renamed: r.IntN(spec.Entries),
	}
}

// do does it. What others made or removed meanwhile is no error.
func (op directoryOp) do(root string) error {
	in := directoryPath(root, op.in)
	file := filepath.Join(in, fmt.Sprintf("file-%03d", op.entry))
	below := filepath.Join(in, fmt.Sprintf("below-%03d", op.entry))
	var err error
	switch op.kind {
	case makeDirectory:
		err = os.Mkdir(below, 0o777)
	case removeDirectory:
		err = syscall.Rmdir(below)
	case makeFile:
		var f *os.File
		if f, err = os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666); err == nil {
			err = f.Close()
		}
	case removeFile:
		err = syscall.Unlink(file)
	case renameFile:
		err = os.Rename(file, filepath.Join(directoryPath(root, op.to), fmt.Sprintf("file-%03d", op.renamed)))
	case listDirectory:
		_, err = os.ReadDir(in)
	}
	if errors.Is(err, os.ErrExist) || errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
