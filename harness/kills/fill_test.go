//go:build kills

package kills

import (
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

var fills = flag.Int("fills", 3, "times that the disk is filled under each job")

// The disk of the results is filled at random moments. Each time the job ends by itself and says why, and when there is
// room again it goes on, as if nothing had been.
func TestJobsOnAFullDiskLoseNothing(t *testing.T) {
	for name, j := range jobs(t) {
		t.Run(name, func(t *testing.T) {
			disk := t.TempDir()
			mount(t, disk)
			w := newWorld(t, j, filepath.Join(disk, "results"))
			rng := rand.New(rand.NewPCG(*seed, 2))
			for filled := 0; filled < *fills; {
				_, died := w.start()
				var err error
				full := false
				select {
				case <-time.After(j.moment(rng)):
					fill(t, disk)
					err = <-died
					full = true
					filled++
				case err = <-died:
				}
				require.NoError(t, clear(disk))
				var exit *exec.ExitError
				if errors.As(err, &exit) && exit.ExitCode() > 2 {
					require.True(t, full, "it fails on a disk with room: %s", w.out.String())
					assert.Contains(t, []int{69, 74}, exit.ExitCode(), w.out.String())
					assert.Regexp(t, `no space left|out of disk space|the disk is full`, w.out.String(), "it says why")
					assert.NotContains(t, w.out.String(), "panic:")
				} else {
					require.NoError(t, ignored(err), w.out.String())
					w.whole()
					w.looks()
					require.NoError(t, os.RemoveAll(w.results))
					w.seen = map[string]string{}
				}
				w.looks()
			}
			_, died := w.start()
			w.ended(<-died)
			w.looks()
			w.whole()
		})
	}
}

// ignored passes over exit codes that are results.
func ignored(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		return nil
	}
	return err
}

// mount makes a directory a small disk of its own.
func mount(t *testing.T, dir string) {
	t.Helper()
	err := unix.Mount("kills", dir, "tmpfs", 0, "size=400m")
	require.NoError(t, err, "mounting takes root, or: unshare --user --map-root-user --mount make test-kills")
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(dir, unix.MNT_DETACH)) })
}

// fill takes all the room that is left.
func fill(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	require.NoError(t, err)
	defer f.Close()
	_, err = io.Copy(f, zeros{})
	require.ErrorIs(t, err, unix.ENOSPC)
}

func clear(dir string) error {
	err := os.Remove(filepath.Join(dir, "filler"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
