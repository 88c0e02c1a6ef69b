package vmcore

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"loopfault/results/evidence"
	"loopfault/results/kernelreport"
	"loopfault/results/report/plain"
	"loopfault/results/waitfor"
	"loopfault/results/words"
)

// Bounds of what is made of one dump: nothing in it can be believed.
const (
	maxTasks   = 16384
	maxStack   = 128
	maxRPCs    = 4096
	maxSeconds = 1e9
	maxLines   = 24 // of layouts and problems, for people
)

// Explain explains what is in the memory dump of a machine, with the vmlinux of its kernel. Errors are as those of Read.
func Explain(ctx context.Context, core, vmlinux string) (waitfor.Explanation, error) {
	dump, err := Read(ctx, core, vmlinux)
	if err != nil {
		return waitfor.Explanation{}, err
	}
	return waitfor.Explain(dump.Evidence(filepath.Base(core))), nil
}

// Evidence makes the texts of a dump that package waitfor explains. name is how people call the dump.
func (d *Dump) Evidence(name string) waitfor.Evidence {
	var e waitfor.Evidence
	e.Stacks, e.Tasks, e.History = d.tasks()
	e.Reports = d.owners()
	if d.RPCs != nil {
		e.RPCTasks, e.RPCXprt = d.rpcs(), d.transports()
	}
	if n := d.nfsd(); n > 0 {
		e.NFSD = fmt.Sprintf("==> /proc/fs/nfsd/threads <==\n%d\n", n)
	}
	e.Config = fmt.Sprintf("# Linux/x86 %s Kernel Configuration\n", plain.Short(d.Release, 64))
	e.Elsewhere = &waitfor.Elsewhere{From: d.told(name)}
	return e
}

// tasks are the blocked tasks, all tasks, and for how long the blocked ones did not run.
func (d *Dump) tasks() (blocked, all, history string) {
	var b, a, h strings.Builder
	for i := range d.Tasks[:min(len(d.Tasks), maxTasks)] {
		t := &d.Tasks[i]
		var stack strings.Builder
		for _, f := range t.Stack[:min(len(t.Stack), maxStack)] {
			fmt.Fprintf(&stack, "[<0>] %s\n", plain.Short(f, 600))
		}
		entry := fmt.Sprintf("== %d (%s) %s\n%s", t.PID, plain.Short(t.Comm, 64), plain.Short(t.State, 1), &stack)
		a.WriteString(entry)
		if t.State != "D" {
			continue
		}
		b.WriteString(entry)
		if t.Ran > 0 && t.Ran < maxSeconds {
			sleeper := evidence.Sleeper{PID: t.PID, Comm: t.Comm, Stack: stack.String(), Seconds: t.Ran}
			if text, err := json.Marshal(evidence.Entry{Type: evidence.Blocked, What: "asleep", Data: sleeper}); err == nil {
				fmt.Fprintf(&h, "%s\n", text)
			}
		}
	}
	return b.String(), a.String(), h.String()
}

// owners are the locks with an owner that is known, as reports of hung tasks name it. A task never waits for itself: a
// lock's word for its owner may be old.
func (d *Dump) owners() (reports []kernelreport.Report) {
	for _, l := range d.Locks[:min(len(d.Locks), maxTasks)] {
		if l.PID <= 0 || l.Owner <= 0 || l.PID == l.Owner {
			continue
		}
		reports = append(reports, kernelreport.Report{Kind: kernelreport.KindHungTask, Tasks: []kernelreport.Task{
			{PID: &l.PID}, {PID: &l.Owner, Comm: plain.Short(l.Comm, 64), Role: kernelreport.RoleOwner},
		}})
	}
	return reports
}

// rpcs is the list of RPCs as debugfs shows it.
func (d *Dump) rpcs() string {
	var b strings.Builder
	client := ^uint64(0)
	for _, r := range d.RPCs[:min(len(d.RPCs), maxRPCs)] {
		if r.Client != client {
			client = r.Client
			fmt.Fprintf(&b, "==> /sys/kernel/debug/sunrpc/rpc_clnt/%x/tasks <==\n", client)
		}
		queue := r.Queue
		if queue == "" {
			queue = "none"
		}
		fmt.Fprintf(&b, "%5d %04x %6d 0x%x 0x%x %8d %s %sv%d %s a:%s q:%s\n", r.Number, r.Flags, r.Status, r.Client, r.XID, r.Timer,
			word(r.Ops), word(r.Program), r.Version, word(r.Procedure), word(r.Action), plain.Short(queue, 64))
	}
	return b.String()
}

// transports are the connections as debugfs shows them.
func (d *Dump) transports() string {
	var b strings.Builder
	for i, x := range d.Transports[:min(len(d.Transports), maxRPCs)] {
		fmt.Fprintf(&b, "==> /sys/kernel/debug/sunrpc/rpc_xprt/%d/info <==\nnetid: %s\naddr:  %s\nport:  %s\nstate: 0x%x\n", i,
			word(x.NetID), word(x.Addr), word(x.Port), x.State)
	}
	return b.String()
}

// nfsd counts the server's threads.
func (d *Dump) nfsd() (n int) {
	for _, t := range d.Tasks {
		if t.Comm == "nfsd" {
			n++
		}
	}
	return n
}

// told is what people read of the dump beside the explanation: what was found in it, layouts, and what could not be read.
func (d *Dump) told(name string) []string {
	out := []string{fmt.Sprintf("in %s: %s, %s, %s, %s; Linux %s, read by drgn %s", plain.Short(name, 80), words.Count(len(d.Tasks), "task"),
		words.Count(len(d.RPCs), "RPC"), words.Count(len(d.Transports), "connection"), words.Count(len(d.Layouts), "layout"), plain.Short(d.Release, 64), plain.Short(d.Drgn, 20))}
	if n := len(d.Locks); n > 0 {
		verb := "sleep"
		if n == 1 {
			verb = "sleeps"
		}
		out = append(out, fmt.Sprintf("%s %s for a mutex or rw-semaphore; the owner is known of %d", words.Count(n, "task"), verb, len(d.owners())))
	}
	for i, l := range d.Layouts {
		if i == maxLines {
			out = append(out, fmt.Sprintf("and %d more layouts", len(d.Layouts)-i))
			break
		}
		text := fmt.Sprintf("layout of inode %d: %s, %s under way", l.Inode, words.Count(l.References, "reference"), words.Count(l.Outstanding, "LAYOUTGET"))
		if l.Blocked > 0 {
			text += fmt.Sprintf(", new ones forbidden by %d recalls or returns", l.Blocked)
		}
		if len(l.Flags) > 0 {
			text += ", " + plain.Short(strings.Join(l.Flags, " "), 200)
		}
		out = append(out, text)
	}
	for i, p := range d.Problems {
		if i == maxLines {
			out = append(out, fmt.Sprintf("and %d more that could not be read", len(d.Problems)-i))
			break
		}
		out = append(out, "not read: "+plain.Short(p, 200))
	}
	return out
}

// word makes it one word, "?" if nothing is there.
func word(s string) string {
	if s = strings.Join(strings.Fields(plain.Short(s, 120)), "_"); s == "" {
		return "?"
	}
	return s
}
