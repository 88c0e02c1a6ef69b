// Package watch is a second hung-task detector, in the guest: it finds tasks
// that sleep uninterruptibly without a single context switch for longer than a
// budget, killable sleeps included, which the kernel's own detector skips, and so
// are interruptible waits for a callback of the server (patient.go).
//
// It reads procfs and the workers' counters, never an NFS mount, and it reports
// only what it saw; the host decides what counts as a hang.
package watch

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"loopfault/workloads/beats"
	"loopfault/workloads/wire"
)

// Watcher samples one procfs.
type Watcher struct {
	Proc   string        // "/proc"
	Beats  *beats.Page   // the workers' counters
	Budget time.Duration // a sleep this long is reported
	Period time.Duration // between two samples
	Uptime func() float64

	asleep  map[int]*sleeper
	samples int
}

// sleeper is a task seen in a sleep that counts, with its context-switch
// counts when it was first seen so.
type sleeper struct {
	since    float64
	state    string
	switches string
	// next is the age at which it is reported (again): at the budget, then each
	// time it is a quarter older, so that a long hang costs few lines, and a host
	// that gives a slow guest more time soon gets the next one.
	next float64
}

// Run writes one line of JSON (wire.Sample) a period until ctx ends or the
// channel breaks.
func (w *Watcher) Run(ctx context.Context, out io.Writer) error {
	enc := json.NewEncoder(out)
	tick := time.NewTicker(w.Period)
	defer tick.Stop()
	for {
		if err := enc.Encode(w.Sample()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Sample looks at every task once.
func (w *Watcher) Sample() wire.Sample {
	now := w.Uptime()
	s := wire.Sample{Uptime: now}
	s.Ops, s.Errors = w.Beats.Counts()
	s.FirstOp = w.Beats.First().Seconds()
	s.Spin = spin()
	seen := make(map[int]*sleeper)
	w.samples++
	eachTask(w.Proc, func(dir string, st stat) {
		if st.state != "D" && !w.patient(dir, st) {
			return
		}
		switches := readSwitches(dir)
		old := w.asleep[st.pid]
		if old == nil || old.switches != switches {
			old = &sleeper{since: now, state: st.state, switches: switches, next: w.Budget.Seconds()}
		}
		seen[st.pid] = old
		age := now - old.since
		s.Oldest = max(s.Oldest, age)
		if age >= old.next {
			old.next = age * 5 / 4
			s.Blocked = append(s.Blocked, describe(dir, st, old.since, age))
		}
	})
	w.asleep = seen
	s.Asleep = len(seen)
	return s
}

// readSwitches gives the two context-switch lines of a task's status, to be
// compared, not added up.
func readSwitches(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return ""
	}
	i := strings.Index(string(text), "voluntary_ctxt_switches:")
	if i < 0 {
		return ""
	}
	return string(text[i:])
}

func describe(dir string, st stat, since, age float64) wire.Blocked {
	b := wire.Blocked{
		PID: st.pid, Comm: st.comm, State: st.state,
		Since: since, Seconds: age,
		Wchan: readString(filepath.Join(dir, "wchan")),
		Stack: readString(filepath.Join(dir, "stack")),
	}
	b.TGID, _ = strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(dir))))
	return b
}

func readString(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}
