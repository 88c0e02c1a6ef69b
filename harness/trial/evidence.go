package trial

import (
	"context"
	"os"
	"strconv"
	"time"

	"loopfault/results/kernelreport"
	"loopfault/workloads/wire"
)

// What is kept of a guest that hangs: a name and a shell command. Each runs on
// its own and is bounded, since any of them may block on what hangs.
var evidence = []struct{ name, command string }{
	{"stacks.txt", `for t in /proc/[0-9]*/task/[0-9]*; do
		read -r line < $t/stat 2>/dev/null || continue
		case "${line##*) }" in D*) echo "== $line"; cat $t/wchan; echo; cat $t/stack;; esac
	done`},
	{"rpc-tasks.txt", `tail -n +1 ` + wire.Debugfs + `/sunrpc/rpc_clnt/*/tasks`},
	{"rpc-xprt.txt", `tail -n +1 ` + wire.Debugfs + `/sunrpc/rpc_xprt/*/info`},
	{"mountstats.txt", `cat /proc/self/mountstats`},
	{"nfsd.txt", `tail -n +1 /proc/fs/nfsd/pool_stats /proc/fs/nfsd/threads /proc/fs/nfsd/clients/*/info /proc/fs/nfsd/clients/*/states`},
	{"tasks.txt", `for t in /proc/[0-9]*/task/[0-9]*; do
		read -r line < $t/stat 2>/dev/null || continue
		echo "== $line"; cat $t/wchan; echo; grep -s ctxt $t/status; cat $t/stack
	done`},
	{"slabinfo.txt", `cat /proc/slabinfo`},
	{"memory.txt", `tail -n +1 /proc/meminfo /proc/vmstat /proc/pressure/* /sys/fs/cgroup/loopfault/memory.events /sys/fs/cgroup/loopfault/memory.stat`},
	{"ps.txt", `ps -eLo pid,tid,ppid,uid,stat,wchan:40,comm`},
}

// collectEvidence saves raw files first and asks the kernel for its own dumps
// last, since they change the console.
func (t *trial) collectEvidence(ctx context.Context) {
	t.phase("evidence")
	ctx, cancel := context.WithTimeout(ctx, t.budgets.Evidence)
	defer cancel()
	for _, e := range evidence {
		t.save(e.name, t.shell(ctx, e.command))
	}
	if len(t.eyes.stalled) > 0 {
		stacks := t.shell(ctx, workerStacks(t.workers))
		t.save("workers.txt", stacks)
		t.eyes.stalls = []kernelreport.Report{stallReport(stacks, t.eyes.stalled)}
	}
	for _, key := range []string{"m", "l", "w", "t"} {
		if err := t.agent.WriteFile(ctx, "/proc/sysrq-trigger", key); err != nil {
			t.history.add(entry{Type: "evidence", What: "sysrq-" + key, Detail: err.Error()})
			break
		}
	}
	t.awaitConsole(ctx)
}

// shell runs a command in the guest; what went wrong stands below its output.
func (t *trial) shell(ctx context.Context, command string) string {
	r, err := t.agent.Exec(ctx, wire.Exec{Argv: []string{"sh", "-c", command}, Timeout: wire.Duration(t.budgets.Remote)})
	switch {
	case err != nil:
		return r.Output + "\nloopfault: " + err.Error() + "\n"
	case r.ExitCode != 0:
		return r.Output + "\nloopfault: the command ended with exit code " + strconv.Itoa(r.ExitCode) + "\n"
	}
	return r.Output
}

// save writes a file of evidence.
func (t *trial) save(name, text string) {
	e := entry{Type: "evidence", What: name}
	if err := os.WriteFile(t.evidencePath(name), []byte(text), 0o644); err != nil {
		e.Detail = err.Error()
	}
	t.history.add(e)
}

// awaitConsole waits until the kernel has printed what it was asked for: a console
// that does not grow for a while.
func (t *trial) awaitConsole(ctx context.Context) {
	for size := int64(-1); ctx.Err() == nil; {
		info, err := os.Stat(t.consolePath())
		if err != nil || info.Size() == size {
			return
		}
		size = info.Size()
		select {
		case <-ctx.Done():
		case <-time.After(t.budgets.HungCheck):
		}
	}
}
