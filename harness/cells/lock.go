package cells

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"loopfault/results/safefile"
)

// ErrBusy says that another process is at the same work.
var ErrBusy = errors.New("is running")

// Lock keeps a second process of a command (nightly, hunt) out of the results directory, until it is closed or this
// process dies.
func Lock(results, command string) (*os.File, error) {
	f, err := safefile.AppendIn(results, command+".lock")
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = fmt.Errorf("another %s %w", command, ErrBusy)
		}
		return nil, fmt.Errorf("%s: %w", results, err)
	}
	return f, nil
}
