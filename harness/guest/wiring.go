package guest

import (
	"fmt"
	"strings"
)

// firstFD is where exec.Cmd puts the first of ExtraFiles.
const firstFD = 3

// Wiring hands out what connects a device to the host. It comes in two forms:
// for a running guest everything is an inherited descriptor, for a command line
// that a person can paste it is a file or socket in the current directory.
type Wiring struct {
	byPath bool
	log    string // console log file, or ""
	needs  []need // descriptor firstFD+i each
}

// need is one descriptor that Start has to open.
type need struct {
	id    string
	bytes int64 // size of a scratch file; 0 for a channel
}

// Channel returns the value of -chardev for a byte stream between a device and
// the harness.
func (w *Wiring) Channel(id string) string {
	if w.byPath {
		return fmt.Sprintf("socket,id=%s,path=%s.sock,server=on,wait=off", id, id)
	}
	return fmt.Sprintf("socket,id=%s,fd=%d", id, w.descriptor(need{id: id}))
}

// Console is Channel for the serial console, which QEMU itself also writes to
// the log file: what a guest printed before it or we died is on disk.
func (w *Wiring) Console(id string) string {
	if w.byPath {
		return "stdio,signal=off,id=" + id
	}
	value := w.Channel(id)
	if w.log != "" {
		value += ",logfile=" + escape(w.log)
	}
	return value
}

// Scratch returns the arguments that make a sparse file of the given size known
// to QEMU, and the file name to use for it in block devices.
func (w *Wiring) Scratch(id string, bytes int64) (args []string, filename string) {
	if w.byPath {
		w.needs = append(w.needs, need{id, bytes})
		return nil, id + ".raw"
	}
	fd := w.descriptor(need{id, bytes})
	return []string{"-add-fd", fmt.Sprintf("fd=%d,set=%d", fd, fd)}, fmt.Sprintf("/dev/fdset/%d", fd)
}

func (w *Wiring) descriptor(n need) int {
	w.needs = append(w.needs, n)
	return firstFD + len(w.needs) - 1
}

// escape protects a value inside QEMU's comma-separated options.
func escape(value string) string { return strings.ReplaceAll(value, ",", ",,") }
