package workloads

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"loopfault/workloads/wire"
)

const pageSize = 4096

// written is a file being written, in whichever mode.
type written interface {
	io.WriterAt
	Sync() error
	Close() error
}

// openMode opens a file for a writer's mode. Buffered and direct writers open
// write-only, which gets them no delegation, so that each pass goes to the
// server; a mapping can only be written through if the file is readable, too.
func openMode(path string, flags int, spec wire.Writer) (written, error) {
	switch spec.Mode {
	case wire.WriteDirect:
		return os.OpenFile(path, os.O_WRONLY|unix.O_DIRECT|flags, 0o666)
	case wire.WriteMapped:
		return openMapped(path, flags, spec.Size)
	}
	return os.OpenFile(path, os.O_WRONLY|flags, 0o666)
}

// alignedBlock is a buffer that begins with a page, as O_DIRECT wants it.
func alignedBlock(size wire.Size) ([]byte, error) {
	return unix.Mmap(-1, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
}

// mapped is a file that is written through a shared mapping: each page becomes
// dirty in a page fault (nfs_vm_page_mkwrite), not in a write(2).
type mapped struct {
	f   *os.File
	mem []byte
}

func openMapped(path string, flags int, size wire.Size) (written, error) {
	f, err := os.OpenFile(path, os.O_RDWR|flags, 0o666)
	if err != nil {
		return nil, err
	}
	err = f.Truncate(int64(size))
	var mem []byte
	if err == nil {
		mem, err = unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &mapped{f, mem}, nil
}

// WriteAt copies into the mapping. A page that cannot be read from the server
// raises SIGBUS, which fails this write and does not end the process.
func (m *mapped) WriteAt(p []byte, at int64) (n int, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("write to the mapping: %v", fault)
		}
	}()
	return copy(m.mem[at:], p), nil
}

// Sync writes all dirty pages of the mapping.
func (m *mapped) Sync() error { return unix.Msync(m.mem, unix.MS_SYNC) }

// Close unmaps before it closes; the last of the two writes dirty pages.
func (m *mapped) Close() error {
	err := unix.Munmap(m.mem)
	if cerr := m.f.Close(); err == nil {
		err = cerr
	}
	return err
}
