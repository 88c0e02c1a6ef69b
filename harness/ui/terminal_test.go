package ui_test

import (
	"fmt"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"loopfault/harness/ui"
	"loopfault/vmimages/progress"
)

// terminal is the end of a pseudo-terminal that a program writes to, and what has
// arrived at the other one when it is closed.
func terminal(t *testing.T) (program *os.File, shown func() string) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetWinsize(int(program.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 100}))
	text := make(chan string)
	go func() {
		all, _ := io.ReadAll(screen) // ends with EIO, once the program's end is closed
		text <- string(all)
	}()
	return program, func() string {
		program.Close()
		defer screen.Close()
		return <-text
	}
}

// Steps that run side by side, as a kernel and a root image are built, have a line each,
// and neither takes the other's away.
func TestOnATerminalStepsRunSideBySide(t *testing.T) {
	program, shown := terminal(t)
	u := ui.New(program)
	var all sync.WaitGroup
	for _, name := range []string{"kernel", "image"} {
		all.Go(func() {
			for range 3 {
				u.Progress(progress.Event{Kind: progress.Begin, Step: name, Text: "building the " + name, Estimate: time.Minute})
				for i := range 100 {
					u.Progress(progress.Event{Kind: progress.Advance, Step: name, Text: name + "s bar", Done: int64(i), Total: 100})
					time.Sleep(3 * time.Millisecond)
				}
				u.Progress(progress.Event{Kind: progress.Note, Step: name, Text: name + " is done"})
				u.Progress(progress.Event{Kind: progress.End, Step: name})
			}
		})
	}
	all.Wait()
	u.Progress(progress.Event{Kind: progress.End, Step: "never begun"})
	u.Close()
	text := shown()
	for _, want := range []string{"building the kernel (about 1m0s)", "building the image", "kernels bar", "images bar", "kernel is done", "image is done"} {
		assert.Contains(t, text, want)
	}
}
