package workloads

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"loopfault/workloads/wire"
)

// ownFile is a file with one writer, and all that this process knows about it.
// Reads are checked against that.
type ownFile struct {
	env    Env
	path   string
	id     uint64
	f      *os.File // nil while it is closed
	made   bool     // it was created, so it has to exist
	blocks []ownBlock
	page   []byte
}

// ownBlock is the range of generations that a block may hold: at least what an
// fsync acknowledged, at most what was last written. After a successful write
// and fsync both are equal. Only fsync narrows it: close does not wait for the
// server when the client holds a write delegation.
type ownBlock struct {
	low, high uint64
	sure      bool // the last write succeeded
}

func newOwnFile(env Env, path string, id uint64, blocks int) *ownFile {
	return &ownFile{env: env, path: path, id: id, blocks: make([]ownBlock, blocks), page: make([]byte, pageSize)}
}

func (o *ownFile) corrupt(what, format string, args ...any) {
	o.env.found(wire.DataCorruption, what, "%s: %s", o.path, fmt.Sprintf(format, args...))
}

func (o *ownFile) open() error {
	if o.f != nil {
		return nil
	}
	flags := os.O_RDWR
	if !o.made {
		flags |= os.O_CREATE
	}
	f, err := os.OpenFile(o.path, flags, 0o644)
	if o.made && errors.Is(err, os.ErrNotExist) {
		o.corrupt("a file is gone that nobody removed", "open: %v", err)
	}
	if err != nil {
		return err
	}
	o.f, o.made = f, true
	return nil
}

func (o *ownFile) write(block int) error {
	if err := o.open(); err != nil {
		return err
	}
	b := &o.blocks[block]
	b.high++ // even a failed write may have reached the server
	blockID{o.id, uint64(block), b.high}.fill(o.page)
	_, err := o.f.WriteAt(o.page, int64(block)*pageSize)
	b.sure = err == nil
	return err
}

func (o *ownFile) sync() error {
	if err := o.open(); err != nil {
		return err
	}
	if err := o.f.Sync(); err != nil {
		return err
	}
	for i := range o.blocks {
		if b := &o.blocks[i]; b.sure {
			b.low = b.high
		}
	}
	return nil
}

func (o *ownFile) close() error {
	if o.f == nil {
		return nil
	}
	f := o.f
	o.f = nil
	return f.Close()
}

// check reads a block back through a new descriptor, which may get a read
// delegation, and from the server if the page is clean.
func (o *ownFile) check(block int) error {
	if !o.made {
		return nil
	}
	f, err := os.Open(o.path)
	if errors.Is(err, os.ErrNotExist) {
		o.corrupt("a file is gone that nobody removed", "open: %v", err)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	b := o.blocks[block]
	n, err := readFresh(f, o.page, block)
	if err != nil {
		return err
	}
	if n < pageSize && b.low == 0 {
		return nil // it may never have been written
	}
	if n < pageSize {
		o.corrupt("a file is shorter than what was acknowledged", "block %d, generation %d to %d, has %d bytes", block, b.low, b.high, n)
		return nil
	}
	id, err := readBlock(o.page)
	switch {
	case err != nil:
		o.corrupt("a block holds what was never written", "block %d: %v", block, err)
	case id.generation == 0 && b.low == 0:
	case id.generation > 0 && (id.file != o.id || id.block != uint64(block)):
		o.corrupt("a block holds another block", "block %d of file %#x holds block %d of file %#x", block, o.id, id.block, id.file)
	case id.generation < b.low:
		o.corrupt("an acknowledged write is lost", "block %d has generation %d, fsync acknowledged %d", block, id.generation, b.low)
	case id.generation > b.high:
		o.corrupt("a block holds what was never written", "block %d has generation %d, the last one written is %d", block, id.generation, b.high)
	}
	return nil
}

// readFresh reads a page, after asking the client to drop it: a clean page then
// comes from the server. A short read is no error.
func readFresh(f *os.File, page []byte, block int) (int, error) {
	at := int64(block) * pageSize
	if err := unix.Fadvise(int(f.Fd()), at, pageSize, unix.FADV_DONTNEED); err != nil {
		return 0, err
	}
	n, err := f.ReadAt(page, at)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// rename gives the file another name.
func (o *ownFile) rename(path string) error {
	if err := o.open(); err != nil {
		return err
	}
	if err := os.Rename(o.path, path); err != nil {
		return err
	}
	o.path = path
	return nil
}
