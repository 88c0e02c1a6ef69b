package nightly

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"loopfault/results/safefile"
)

// ErrBusy says that another nightly is using the results directory.
var ErrBusy = errors.New("another nightly is running")

// Lock keeps a second nightly out of the results directory, until it is closed or
// this process dies.
func Lock(results string) (*os.File, error) {
	f, err := safefile.AppendIn(results, "nightly.lock")
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
