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

// awaitDumps waits until the kernel has printed the dumps that it was asked for: until their end is on the console, to which a load
// that fails allocations may print without end, or the console does not grow. At least it waits for as long as tells RPCs that
// hang from traffic.
func (t *trial) awaitDumps(ctx context.Context) {
	from := t.consoleSize()
	_ = t.agent.WriteFile(ctx, "/dev/kmsg", "<0>"+endOfDumps) // without it the console has to be quiet
	size, began, grew := from, time.Now(), time.Now()
	tick := time.NewTicker(consolePoll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if is := t.consoleSize(); is != size {
				size, grew = is, now
			}
			ended := now.Sub(grew) >= t.budgets.HungCheck || t.printed(endOfDumps, from)
			if ended && now.Sub(began) >= t.budgets.HungCheck {
				return
			}
		}
	}
}

// consolePoll is how often the console is looked at for the end of a dump.
const consolePoll = 100 * time.Millisecond

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

// afterthought is how many bytes of console do not count as a dump: a running
// workload may make the kernel print a line now and then.
const afterthought = 512

// awaitConsole waits until the kernel of a guest whose agent does not answer has printed the requested dump: until the
// console hardly grows for a while.
func (t *trial) awaitConsole(ctx context.Context) {
	for size := int64(-afterthought); ctx.Err() == nil; {
		now := t.consoleSize()
		if now < size+afterthought {
			return
		}
		size = now
		select {
		case <-ctx.Done():
		case <-time.After(t.budgets.HungCheck):
		}
	}
}
