package trial

import (
	"bytes"
	"context"
	"io"
	"os"
	"time"
)

// endOfDumps is what the agent has the kernel print behind its dumps.
const endOfDumps = "loopfault: end of dumps"

// awaitDumps waits until the kernel has printed the dumps that it was asked for: until their end is on the console behind an
// offset, or the console hardly grows for a while. A load that fails allocations has it grow without end; an agent that does not
// answer has no end printed. At least it waits for as long as tells RPCs that hang from traffic.
func (t *trial) awaitDumps(ctx context.Context, from int64) {
	for size := from; ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(t.budgets.HungCheck):
		}
		now := t.consoleSize()
		if now < size+afterthought || t.printed(endOfDumps, from) {
			return
		}
		size = now
	}
}

// afterthought is how many bytes of console do not count as a dump: a running
// workload may make the kernel print a line now and then.
const afterthought = 512

func (t *trial) consoleSize() int64 {
	info, err := os.Stat(t.consolePath())
	if err != nil {
		return 0
	}
	return info.Size()
}

// printed says whether the console has a text behind an offset, or cannot be read.
func (t *trial) printed(text string, from int64) bool {
	console, err := os.Open(t.consolePath())
	if err != nil {
		return true
	}
	defer console.Close()
	rest, err := io.ReadAll(io.NewSectionReader(console, from, maxDumps))
	return err != nil || len(rest) == maxDumps || bytes.Contains(rest, []byte(text))
}

// maxDumps is more than dumps of all tasks of a guest take on its console, in bytes.
const maxDumps = 16 << 20
