package guest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// A guest may print without end. The beginning and the end of its console's log are kept, in bytes each: its
// boot and its last output. slack is how much the log may exceed that before it is cut.
type logBounds struct{ head, tail, slack int64 }

var consoleBounds = logBounds{head: 32 << 20, tail: 32 << 20, slack: 8 << 20}

func (b logBounds) fits(size int64) bool { return size <= b.head+b.tail+b.slack }

// Cut is the part removed from the middle of a console's log, in offsets into the guest's output: From to To,
// whole lines. A line of Note bytes replaces it. The zero value is no cut.
type Cut struct {
	From, To int64
	Note     int
}

// Moved maps offsets into the guest's output to offsets in the cut log. Removed bytes map to the note.
func (c Cut) Moved(start, end int) (int, int) {
	switch by := int(c.To-c.From) - c.Note; {
	case c.Note == 0 || int64(end) <= c.From:
		return start, end
	case int64(start) >= c.To:
		return start - by, end - by
	}
	return int(c.From), int(c.From) + c.Note
}

// shrink punches a hole into the middle of the log, to free disk space while QEMU keeps appending. A file
// system without holes is left alone.
func (c *Console) shrink() {
	to := c.bytes - c.bounds.tail
	if c.holes != nil || to-c.hole < c.bounds.slack || to <= c.headEnd {
		return
	}
	from := max(c.hole, c.headEnd)
	c.holes = unix.Fallocate(int(c.log.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, from, to-from)
	c.hole = to
}

// end is what follows the kept beginning once the log is cut: a note, and the end.
func (c *Console) end(log *os.File) ([]byte, Cut, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := log.Stat()
	if err != nil || c.bounds.fits(info.Size()) {
		return nil, Cut{}, err
	}
	cut := Cut{From: c.headEnd, To: info.Size() - c.bounds.tail}
	tail, err := io.ReadAll(io.NewSectionReader(log, cut.To, c.bounds.tail))
	if err != nil {
		return nil, Cut{}, err
	}
	if i := bytes.IndexByte(tail[:min(len(tail), longLine)], '\n'); i >= 0 { // whole lines, if there are any
		tail = tail[i+1:]
		cut.To += int64(i) + 1
	}
	note := fmt.Sprintf("[loopfault: %d bytes that the guest printed here were left out]\n", cut.To-cut.From)
	if c.midLine {
		note = "\n" + note
	}
	cut.Note = len(note)
	return append([]byte(note), tail...), cut, nil
}

// trim cuts the log, once nothing is appended to it any more.
func (c *Console) trim(path string) error {
	if path == "" {
		return nil
	}
	log, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer log.Close()
	end, cut, err := c.end(log)
	if err != nil || end == nil {
		return err
	}
	err = log.Truncate(cut.From) // frees the disk space that the end needs
	if err == nil {
		_, err = log.WriteAt(end, cut.From)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("the console's log lost its end: %w", err), log.Truncate(cut.From))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = cut
	return nil
}

// Cut is the part removed from the log when the guest was closed.
func (c *Console) Cut() Cut {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cut
}

// printed is what the guest printed so far, within the bounds.
func (c *Console) printed() ([]byte, error) {
	end, cut, err := c.end(c.log)
	if err != nil {
		return nil, err
	}
	if end == nil {
		info, err := c.log.Stat()
		if err != nil {
			return nil, err
		}
		cut.From = info.Size()
	}
	head, err := io.ReadAll(io.NewSectionReader(c.log, 0, cut.From))
	return append(head, end...), err
}
