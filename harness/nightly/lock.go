package nightly

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrBusy says that another nightly works in the results directory.
var ErrBusy = errors.New("another nightly is at work")

// Lock keeps a second nightly out of the results directory, until it is closed or
// this process dies.
func Lock(results string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(results, "nightly.lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = ErrBusy
		}
		return nil, fmt.Errorf("%s: %w", results, err)
	}
	return f, nil
}
