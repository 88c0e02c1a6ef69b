package workloads

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"loopfault/workloads/wire"
)

// copyUpRounds is how many rounds' directories a process keeps in the overlay: their files have
// gone below it, and whoever evicts what the overlay keeps of them removes them at the server.
const copyUpRounds = 8

var errNoOverlay = errors.New("there is no overlay above the mount: want mount.overlay")

func copyUp(spec wire.CopyUp) []Worker {
	return processes("copyup", spec.Processes, spec.UIDs, func(ctx context.Context, env Env, _ int) error {
		if env.Lower == "" {
			return errNoOverlay
		}
		c := copier{env: env, spec: spec}
		for ctx.Err() == nil {
			if err := c.round(ctx); err != nil {
				env.Beat.Done(err)
				pause(ctx, lookAgain)
			}
		}
		return nil
	})
}

// copier is one process, and the names of its directories, the oldest first.
type copier struct {
	env  Env
	spec wire.CopyUp
	kept []string
}

// round makes a directory, works with its files through the overlay, and removes them below.
func (c *copier) round(ctx context.Context) error {
	dir, err := os.MkdirTemp(c.env.Lower, "copyup-") // processes on other mounts have the same one
	if err != nil {
		return err
	}
	name := filepath.Base(dir)
	block := make([]byte, c.spec.Size)
	for n := range c.spec.Files {
		c.env.Beat.Done(writeSmall(c.env, filepath.Join(dir, strconv.Itoa(n)), block, false))
	}
	for _, n := range c.env.Rand.Perm(c.spec.Files) {
		if ctx.Err() != nil {
			return nil
		}
		file := strconv.Itoa(n)
		c.env.Beat.Done(nextCopyUpOp(c.env.Rand, c.spec).do(filepath.Join(c.env.Load, name, file), block))
		c.env.Beat.Done(os.Remove(filepath.Join(dir, file)))
		// If the overlay still has it, the server delegates it again.
		err := nextCopyUpOp(c.env.Rand, c.spec).do(filepath.Join(c.env.Load, name, file), block)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESTALE) {
			err = nil
		}
		c.env.Beat.Done(err)
	}
	c.kept = append(c.kept, name)
	return c.forget()
}

// forget removes the directories of old rounds. Below the overlay each is removed as soon as
// the last of its files has gone, of which the overlay may still have some.
func (c *copier) forget() error {
	if len(c.kept) > copyUpRounds {
		if err := os.RemoveAll(filepath.Join(c.env.Load, c.kept[0])); err != nil {
			return err
		}
		c.kept = c.kept[1:]
	}
	for _, name := range c.kept {
		err := unix.Rmdir(filepath.Join(c.env.Lower, name))
		if err != nil && !errors.Is(err, unix.ENOTEMPTY) && !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
	return nil
}

// copyUpOp is an operation on a file in the overlay.
type copyUpOp struct{ flags, length int }

// nextCopyUpOp draws it: a file is read twice as often as it is copied up, as a rule with its data.
func nextCopyUpOp(r *rand.Rand, spec wire.CopyUp) copyUpOp {
	op := copyUpOp{length: 1 + r.IntN(int(spec.Size))}
	switch r.IntN(12) {
	case 0:
		op.flags = os.O_WRONLY | os.O_TRUNC
	case 1, 2, 3:
		op.flags = os.O_RDWR
	}
	return op
}

func (op copyUpOp) do(path string, block []byte) error {
	f, err := os.OpenFile(path, op.flags, 0)
	if err != nil {
		return err
	}
	if op.flags == os.O_RDONLY {
		_, err = io.Copy(io.Discard, struct{ io.Reader }{f})
	} else {
		_, err = f.Write(block[:op.length])
	}
	return errors.Join(err, f.Close())
}
