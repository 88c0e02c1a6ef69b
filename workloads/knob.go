package workloads

import (
	"os"

	"golang.org/x/sys/unix"
)

// WriteKnob writes a kernel file in one write(2), without creating or
// truncating it: a missing knob must be an error.
//
// It bypasses package os, which would wait for ever: cgroup files can be
// polled, memory.reclaim returns EAGAIN when it reclaimed less than requested,
// and os takes that for "not writable yet".
func WriteKnob(path, data string) error {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, []byte(data)); err != nil {
		return &os.PathError{Op: "write", Path: path, Err: err}
	}
	return nil
}
