package guest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"loopfault/harness/timeouts"
)

const (
	keptLines = 1000    // lines of the console kept in memory
	longLine  = 4 << 10 // bytes; longer lines are cut in pieces
)

// The kernel's panic report is between a line with panicMark and one with
// panicEnd, in any version. A panic device stops the vCPUs in between, after
// the stack.
const (
	panicMark = "Kernel panic - not syncing"
	panicEnd  = "---[ end Kernel panic"
)

// ErrConsoleClosed says that the console has ended with QEMU.
var ErrConsoleClosed = errors.New("the console has ended")

// Console is the live view of a guest's serial console. The console, within
// bounds, is in the log file that QEMU writes (Options.ConsolePath), and the view
// follows that file: a slow reader cannot block the guest.
type Console struct {
	log     *os.File
	keys    *os.File          // writes here are typed into the console
	onPanic func(line string) // called for the first line with panicMark and the first with panicEnd
	tap     io.Writer         // gets all output; may be nil

	first chan struct{} // closed at the first byte
	ended chan struct{} // closed when QEMU's end is closed and all is read

	mu      sync.Mutex
	bytes   int64    // of the log covered by lines and their predecessors
	lines   []string // the last keptLines
	dropped int      // lines that were dropped from it
	changed chan struct{}

	bounds  logBounds
	headEnd int64 // end of the kept beginning of the log
	midLine bool  // it is not the end of a line
	hole    int64 // where the hole punched into the log ends
	holes   error // why there can be none
	cut     Cut
}

// watchConsole follows log until gone is closed and all is read, or log is.
func watchConsole(log, keys *os.File, gone <-chan struct{}, onPanic func(string), tap io.Writer) *Console {
	c := &Console{
		log: log, keys: keys, onPanic: onPanic, tap: tap, bounds: consoleBounds,
		first: make(chan struct{}), ended: make(chan struct{}), changed: make(chan struct{}),
	}
	go c.read(&follower{file: log, gone: gone})
	return c
}

// follower reads a file that another process still appends to.
type follower struct {
	file *os.File
	gone <-chan struct{} // closed when nothing will be appended any more
	last bool            // gone was seen closed
}

func (f *follower) Read(p []byte) (int, error) {
	for {
		n, err := f.file.Read(p)
		if n > 0 || err != nil && !errors.Is(err, io.EOF) {
			return n, err
		}
		if f.last {
			return 0, io.EOF
		}
		select {
		case <-f.gone:
			f.last = true // read what was appended since
		case <-time.After(timeouts.Poll):
		}
	}
}

func (c *Console) read(log io.Reader) {
	defer close(c.ended)
	in := bufio.NewReaderSize(log, longLine)
	if _, err := in.Peek(1); err != nil {
		return
	}
	close(c.first)
	panicked, ended := false, false
	for {
		text, err := in.ReadSlice('\n') // ErrBufferFull: a piece of a long line
		if len(text) > 0 {
			line := string(bytes.TrimRight(text, "\r\n"))
			if c.tap != nil {
				_, _ = c.tap.Write(text)
			}
			c.keep(line, len(text))
			c.bound(err == nil)
			switch {
			case strings.Contains(line, panicEnd):
				if !ended {
					c.onPanic(line)
				}
				ended = true
			case strings.Contains(line, panicMark):
				if !panicked {
					c.onPanic(line)
				}
				panicked = true
			}
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

func (c *Console) keep(line string, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes += int64(bytes)
	c.lines = append(c.lines, line)
	if over := len(c.lines) - keptLines; over > 0 {
		c.lines = append(c.lines[:0], c.lines[over:]...)
		c.dropped += over
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

// bound keeps the log within its bounds, after a piece of it; line says whether that ended a line.
func (c *Console) bound(line bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bytes <= c.bounds.head {
		if line || c.bytes-c.headEnd > longLine {
			c.headEnd, c.midLine = c.bytes, !line
		}
		return
	}
	c.shrink()
}

// First is closed when the first byte has arrived.
func (c *Console) First() <-chan struct{} { return c.first }

// Tail returns the last n lines, oldest first, at most 1000.
func (c *Console) Tail(n int) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	n = min(n, len(c.lines))
	return append([]string(nil), c.lines[len(c.lines)-n:]...)
}

// catchUp waits until all lines now in the log have been read: QEMU's events
// arrive at once, but the log is polled.
func (c *Console) catchUp() {
	info, err := c.log.Stat()
	if err != nil {
		return // closed, so all was read
	}
	bound := time.NewTimer(10 * timeouts.Poll) // do not wait for a last line without newline
	defer bound.Stop()
	for {
		c.mu.Lock()
		done, changed := c.bytes >= info.Size(), c.changed
		c.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-c.ended:
			return
		case <-bound.C:
			return
		}
	}
}

// Wait returns the first line that match accepts, among the kept and future
// lines. It ends with ErrConsoleClosed when QEMU is gone.
func (c *Console) Wait(ctx context.Context, match func(line string) bool) (string, error) {
	for seen := 0; ; {
		fresh, total, changed, over := c.since(seen)
		for _, line := range fresh {
			if match(line) {
				return line, nil
			}
		}
		if over {
			return "", ErrConsoleClosed
		}
		seen = total
		select {
		case <-changed:
		case <-c.ended:
		case <-ctx.Done():
			return "", fmt.Errorf("wait for a console line: %w", ctx.Err())
		}
	}
}

// since returns the lines after the first seen ones, and whether the log has
// ended.
func (c *Console) since(seen int) (fresh []string, total int, changed <-chan struct{}, over bool) {
	select {
	case <-c.ended:
		over = true
	default:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	from := max(seen-c.dropped, 0)
	return append([]string(nil), c.lines[from:]...), c.dropped + len(c.lines), c.changed, over
}

// write types into the console; limit bounds the wait for the guest to take it.
func (c *Console) write(text string, limit time.Duration) error {
	if err := c.keys.SetWriteDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	_, err := c.keys.WriteString(text)
	return err
}
