package trial

import (
	"context"
	"os"
	"strconv"

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
	{"memory.txt", `tail -n +1 /proc/meminfo /proc/vmstat /sys/fs/cgroup/loopfault/memory.events /sys/fs/cgroup/loopfault/memory.stat`},
	{"ps.txt", `ps -eLo pid,tid,ppid,uid,stat,wchan:40,comm`},
}

// collectEvidence saves raw files first and asks the kernel for its own dump
// of blocked tasks last, since that changes the console.
func (t *trial) collectEvidence(ctx context.Context) {
	t.phase("evidence")
	ctx, cancel := context.WithTimeout(ctx, t.budgets.Evidence)
	defer cancel()
	for _, e := range evidence {
		t.history.add(entry{Type: "evidence", What: e.name})
		r, err := t.agent.Exec(ctx, wire.Exec{
			Argv:    []string{"sh", "-c", e.command},
			Timeout: wire.Duration(t.budgets.Remote),
		})
		text := r.Output
		if err != nil {
			text += "\nloopfault: " + err.Error() + "\n"
		} else if r.ExitCode != 0 {
			text += "\nloopfault: the command ended with exit code " + strconv.Itoa(r.ExitCode) + "\n"
		}
		if err := os.WriteFile(t.evidencePath(e.name), []byte(text), 0o644); err != nil {
			t.history.add(entry{Type: "evidence", What: e.name, Detail: err.Error()})
		}
	}
	if err := t.agent.WriteFile(ctx, "/proc/sysrq-trigger", "w"); err != nil {
		t.history.add(entry{Type: "evidence", What: "sysrq-w", Detail: err.Error()})
	}
}
