package guest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"loopfault/errs"
	"loopfault/harness/timeouts"

	"golang.org/x/sys/unix"
)

// anonymous is a file in memory.
func anonymous(id string, bytes int64) (*os.File, error) {
	fd, err := unix.MemfdCreate("loopfault-"+id, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	file := os.NewFile(uintptr(fd), id)
	if err := file.Truncate(bytes); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// reopen returns a second open file of the same file, with its own position.
func reopen(file *os.File, flag int) (*os.File, error) {
	if file == nil {
		return nil, errors.New("the snapshot lacks it")
	}
	return os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", file.Fd()), flag, 0)
}

// seal forbids all changes to a file of anonymous; private copy-on-write mappings still work.
// The kernel refuses with EBUSY while a page has a user besides the page cache, after 150 ms
// of waiting for it. On a busy host that may be reclaim or migration, which soon let go of it:
// seal tries again until ctx ends.
func seal(ctx context.Context, file *os.File) error {
	seals := unix.F_SEAL_WRITE | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL
	for {
		_, err := unix.FcntlInt(file.Fd(), unix.F_ADD_SEALS, seals)
		if err == nil {
			return nil
		}
		if err != unix.EBUSY {
			return fmt.Errorf("seal the memory: %w", err)
		}
		select {
		case <-time.After(timeouts.Poll):
		case <-ctx.Done():
			return fmt.Errorf("seal the memory: %w (%w)", err, ctx.Err())
		}
	}
}

// copySparse copies what was ever written to a file into one of the same size
// that is empty.
func copySparse(to, from *os.File) error {
	if from == nil {
		return errors.New("the snapshot lacks it")
	}
	for end := int64(0); ; {
		start, err := unix.Seek(int(from.Fd()), end, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return nil // no data after it
		}
		if err != nil {
			return os.NewSyscallError("lseek", err)
		}
		if end, err = unix.Seek(int(from.Fd()), start, unix.SEEK_HOLE); err != nil {
			return os.NewSyscallError("lseek", err)
		}
		if _, err := io.Copy(io.NewOffsetWriter(to, start), io.NewSectionReader(from, start, end-start)); err != nil {
			return err
		}
	}
}

func identify(spec Spec, opts Options) (identity, error) {
	var id identity
	qemu, err := exec.LookPath(opts.QEMU)
	if err != nil {
		return id, MissingQEMU(opts.QEMU, err)
	}
	for _, f := range []struct {
		path string
		to   *fileIdentity
	}{{qemu, &id.qemu}, {spec.Kernel, &id.kernel}, {spec.Initrd, &id.initrd}, {spec.Image, &id.image}} {
		if f.path == "" {
			continue
		}
		info, err := os.Stat(f.path)
		if err != nil {
			return id, &errs.Error{Class: errs.Infrastructure, Message: "what a snapshot was made with", Err: err}
		}
		st := info.Sys().(*syscall.Stat_t)
		*f.to = fileIdentity{st.Dev, st.Ino, st.Size, info.ModTime().UnixNano()}
	}
	return id, nil
}

// fed gives QEMU the devices' state through a pipe: 11 does not read it from a file
// ("fd: migration to a file is not supported"), and "file:" came with 8.2. QEMU needs
// no child process for it. The goroutine that feeds the pipe ends with the state, or
// with QEMU.
func (d *descriptors) fed(state *os.File) error {
	info, err := state.Stat()
	if err != nil {
		return err
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	// A separate descriptor: the snapshot may be closed during the restore.
	own, err := reopen(state, os.O_RDONLY)
	if err != nil {
		_, _ = theirs.Close(), ours.Close()
		return err
	}
	d.files = append(d.files, theirs)
	go func() {
		_, _ = io.Copy(ours, io.NewSectionReader(own, 0, info.Size())) // QEMU says so if it lacks something
		_, _ = own.Close(), ours.Close()
	}()
	return nil
}
