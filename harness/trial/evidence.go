package trial

import (
	"context"
	"os"
	"slices"

	"loopfault/workloads/gather"
	"loopfault/workloads/wire"
)

// What is kept of a guest that hangs, beside its tasks: a name and files of the
// guest. Reading any of them may block on the hang.
var collected = []struct {
	name  string
	files []string
}{
	{"rpc-tasks.txt", gather.RPCTasks},
	{"rpc-xprt.txt", gather.RPCXprts},
	{"mountstats.txt", gather.Mountstats},
	{"nfsd.txt", gather.NFSD},
	{"memory.txt", slices.Concat(gather.Memory, []string{wire.LoadCgroup + "/memory.events", wire.LoadCgroup + "/memory.stat"})},
	{"slabinfo.txt", []string{"/proc/slabinfo"}},
}

// collectEvidence saves raw files first and asks the kernel for its own dumps
// last, since they change the console. The agent reads all of it itself: a guest
// without memory may not start a new process.
func (t *trial) collectEvidence(ctx context.Context) {
	t.phase(PhaseEvidence)
	ctx, cancel := context.WithTimeout(ctx, t.budgets.Evidence)
	defer cancel()
	t.saveConfig()
	t.saveTasks(ctx, "stacks.txt", wire.TaskQuery{Blocked: true})
	for _, e := range collected {
		t.saveFiles(ctx, e.name, e.files)
	}
	if t.spec.Scenario.Ceph != nil { // requests and capabilities of the clients, and what the daemons say
		t.saveFiles(ctx, "ceph.txt", gather.Ceph)
	}
	if err := t.records(ctx); err != nil {
		t.history.add(entry{Type: "evidence", What: "records", Detail: err.Error()})
	}
	t.saveTasks(ctx, "ps.txt", wire.TaskQuery{Table: true})
	t.saveTasks(ctx, "tasks.txt", wire.TaskQuery{})
	t.lookAtStall(ctx)
	t.saveCoverage(ctx)
	from := t.consoleSize()
	for _, key := range []string{"m", "l", "w"} { // "t" takes the serial line half a minute, and tasks.txt has it
		if err := t.agent.WriteFile(ctx, "/proc/sysrq-trigger", key); err != nil {
			t.history.add(entry{Type: "evidence", What: "sysrq-" + key, Detail: err.Error()})
			break
		}
		t.history.add(entry{Type: "evidence", What: "sysrq-" + key})
	}
	_ = t.agent.WriteFile(ctx, "/dev/kmsg", "<0>"+endOfDumps) // without it the console has to be quiet
	t.awaitDumps(ctx, from)
	t.history.add(entry{Type: "evidence", What: "console.log"})
	// A second look, as late as possible: RPCs that are gone by now were traffic.
	t.saveFiles(ctx, "rpc-tasks-later.txt", gather.RPCTasks)
}

// saveConfig saves the configuration that the kernel gave before the hang.
func (t *trial) saveConfig() {
	if t.config != "" {
		t.save("config.txt", t.config)
	}
}

func (t *trial) saveTasks(ctx context.Context, name string, q wire.TaskQuery) {
	text, err := t.agent.Tasks(ctx, q)
	t.save(name, withError(text, err))
}

func (t *trial) saveFiles(ctx context.Context, name string, patterns []string) {
	text, err := t.agent.Collect(ctx, wire.Collect{Patterns: patterns, Each: wire.Duration(t.budgets.Remote) / 4})
	t.save(name, withError(text, err))
}

// withError appends an error to a text.
func withError(text string, err error) string {
	if err != nil {
		text += "\nloopfault: " + err.Error() + "\n"
	}
	return text
}

// save writes a file of evidence.
func (t *trial) save(name, text string) {
	e := entry{Type: "evidence", What: name}
	if err := os.WriteFile(t.evidencePath(name), []byte(text), 0o644); err != nil {
		e.Detail = err.Error()
	}
	t.history.add(e)
}
