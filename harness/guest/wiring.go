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
	memory memory
	needs  []need // descriptor firstFD+i each
	log    string // the console's output, as QEMU names it
	keys   string // its input, likewise
	dump   string // where it writes a dump of the memory, likewise
	state  int    // descriptor of the devices' state, 0 for none
}

// memory is what a guest shares its memory with.
type memory int

const (
	memoryOwn    memory = iota // nobody
	memoryFrozen               // the snapshot that will be made of it
	memoryCopied               // the snapshot it is a copy of, until it writes
)

// need is one descriptor that Start has to open.
type need struct {
	id    string
	kind  needKind
	bytes int64 // size of a scratch file or of memory
}

type needKind int

const (
	needChannel  needKind = iota // one end of a socketpair
	needScratch                  // a file without a name
	needLog                      // the console's log file, for writing
	needInput                    // the reading end of a pipe
	needDump                     // the writing end of one
	needListener                 // a socket that listens
	needMemory                   // the guest's memory
	needState                    // the state of its devices
)

// Channel returns the value of -chardev for a byte stream between a device and
// the harness.
func (w *Wiring) Channel(id string) string {
	if w.byPath {
		return fmt.Sprintf("socket,id=%s,path=%s.sock,server=on,wait=off", id, id)
	}
	return fmt.Sprintf("socket,id=%s,fd=%d", id, w.descriptor(need{id: id}))
}

// Console returns the arguments before -chardev and its value for the serial
// console. QEMU writes it to a file, so the output before a crash of the guest
// or of us is on disk. A socket would not work: when its buffer is full, and
// 300 single bytes fill it, QEMU 7.2's serial port sends characters twice
// (measured: 12 corrupt lines in 6000).
func (w *Wiring) Console(id string) (args []string, chardev string) {
	if w.byPath {
		return nil, "stdio,signal=off,id=" + id
	}
	args, out := w.fdset(need{id: id, kind: needLog})
	more, in := w.fdset(need{id: id, kind: needInput})
	w.log, w.keys = out, in
	// append: else QEMU would truncate what a restored guest printed before.
	return append(args, more...), fmt.Sprintf("file,id=%s,path=%s,append=on", id, out)
}

// Scratch returns the arguments that make a sparse file of the given size known
// to QEMU, and the file name to use for it in block devices.
func (w *Wiring) Scratch(id string, bytes int64) (args []string, filename string) {
	n := need{id: id, kind: needScratch, bytes: bytes}
	if w.byPath {
		w.needs = append(w.needs, n)
		return nil, id + ".raw"
	}
	return w.fdset(n)
}

// Listener returns the value of -chardev for a socket that QEMU listens on. For a
// running guest it can be reached only through Guest.Listener(id).
func (w *Wiring) Listener(id string) string {
	if w.byPath {
		return fmt.Sprintf("socket,id=%s,path=%s.sock,server=on,wait=off", id, id)
	}
	return fmt.Sprintf("socket,id=%s,fd=%d,server=on,wait=off", id, w.descriptor(need{id: id, kind: needListener}))
}

// Dump gives QEMU a pipe to dump the guest's memory into: the reader decides where
// the dump goes, and how much of it. It has no fdset name: QEMU truncates a dump
// file opened by such a name, which fails on a pipe.
func (w *Wiring) Dump() {
	if !w.byPath {
		w.dump = fmt.Sprintf("/proc/self/fd/%d", w.descriptor(need{id: "dump", kind: needDump}))
	}
}

// Memory returns the arguments that back the guest's memory of so many MiB by a
// descriptor, as an object called id; none if the memory is not shared.
func (w *Wiring) Memory(id string, mib int) []string {
	if w.memory == memoryOwn {
		return nil
	}
	fd := w.descriptor(need{id: id, kind: needMemory, bytes: int64(mib) << 20})
	share := "on"
	if w.memory == memoryCopied {
		share = "off"
	}
	return []string{"-object", fmt.Sprintf(
		"memory-backend-file,id=%s,size=%dM,mem-path=/proc/self/fd/%d,share=%s", id, mib, fd, share)}
}

// stateArgs asks for the descriptor that holds, or will hold, the devices'
// state, and returns the arguments of a guest that begins with it.
func (w *Wiring) stateArgs() []string {
	if w.memory == memoryOwn {
		return nil
	}
	w.state = w.descriptor(need{id: "state", kind: needState})
	if w.memory == memoryCopied {
		return []string{"-incoming", "defer"}
	}
	return nil
}

// fdset makes a descriptor known to QEMU under a name that opens like a file's.
func (w *Wiring) fdset(n need) (args []string, filename string) {
	fd := w.descriptor(n)
	return []string{"-add-fd", fmt.Sprintf("fd=%d,set=%d", fd, fd)}, fmt.Sprintf("/dev/fdset/%d", fd)
}

func (w *Wiring) descriptor(n need) int {
	w.needs = append(w.needs, n)
	return firstFD + len(w.needs) - 1
}

// escape protects a value inside QEMU's comma-separated options.
func escape(value string) string { return strings.ReplaceAll(value, ",", ",,") }
