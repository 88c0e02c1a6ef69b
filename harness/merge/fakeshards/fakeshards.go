// Package fakeshards makes runs of shards for tests and measurements of what merges them: a campaign's own plan, files
// as a campaign leaves them, outcomes that follow from the seed. No guest is run.
package fakeshards

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"loopfault/harness/plan"
	"loopfault/results/paths"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// Spec is a campaign that is cut into shards. Its arms are stock, fixed and a control.
type Spec struct {
	Trials int // of each arm
	Of     int // shards
	Seed   uint64
	Hosts  int // that the shards ran on, in turn
	Until  string
	// Late is how long after its time a shard began: of a second run of it, say.
	Late  time.Duration
	Clear bool // of stock every trial hangs, of fixed none
	Old   bool // begun by a version that dealt all rounds out in turn
	// Part and Arm make it no shard but a campaign of one arm, which is a part of something larger.
	Part, Arm string
}

// Began is when the first shard began.
var Began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// Manifest is that of a shard's run.
func (s Spec) Manifest(number int) store.Manifest {
	arm := func(name string, control bool) store.Arm {
		return store.Arm{Name: name, Kernel: name, Control: control, Version: "6.12.0-" + name, KernelHash: "hash of " + name}
	}
	m := store.Manifest{
		Name: "made-up", Scenario: json.RawMessage(`{"name": "made-up", "title": "made up"}`), Started: Began.Add(time.Duration(number)*time.Second + s.Late),
		Command:  []string{"loopfault", "compare", "made-up", "--seed", fmt.Sprint(s.Seed), "--shard", fmt.Sprintf("%d/%d", number, s.Of)},
		Terms:    store.Terms{Seed: s.Seed, Trials: s.Trials, Until: s.Until},
		Arms:     []store.Arm{arm("stock", false), arm("fixed", false), arm("control", true)},
		QEMU:     store.QEMU{Binary: "qemu-system-x86_64", Accel: "tcg"},
		Image:    store.Image{Key: "image", SHA256: "hash of the image"},
		Host:     store.Host{Name: fmt.Sprintf("node%d", number%max(s.Hosts, 1)), Kernel: "6.1", CPU: "made-up CPU", Cores: 2, MemMiB: 4096},
		Versions: map[string]string{"loopfault": "test", "go": "test", "qemu": "7.2"},
	}
	if s.Part != "" {
		m.Part, m.Arms = s.Part, []store.Arm{arm(s.Arm, false)}
		return m
	}
	m.Cut(store.Shard{Number: number, Of: s.Of})
	if s.Old {
		m.Deal = store.DealInTurn
	}
	return m
}

// Shard makes the run of a shard in a directory, with the first so many of its trials, or all if that is negative. Not by
// the store's own way, which waits for the disk each time.
func (s Spec) Shard(results string, number, trials int) (*store.Run, error) {
	m := s.Manifest(number)
	m.Format, m.Run = store.Format, m.Started.Format("20060102-150405-")+m.Name
	run := &store.Run{Dir: filepath.Join(results, m.Run), Name: m.Run}
	if err := os.MkdirAll(filepath.Join(run.Dir, "trials"), 0o755); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	for name, text := range map[string][]byte{"manifest.json": text, "scenario.yaml": []byte("name: made-up\n")} {
		if err := write(filepath.Join(run.Dir, name), text, 0o644); err != nil {
			return nil, err
		}
	}
	n := 0
	ended := store.Event{At: m.Started, What: store.Closed, Detail: store.Done}
	for p := range plan.Of(m).All() {
		if n == trials {
			ended = store.Event{At: m.Started, What: store.Began, N: p.N}
			break
		}
		n++
		if err := leave(run, s.Trial(p, m)); err != nil {
			return nil, err
		}
	}
	line, err := json.Marshal(ended)
	if err != nil {
		return nil, err
	}
	return run, write(filepath.Join(run.Dir, "journal.jsonl"), append(line, '\n'), 0o644)
}

// Trial is what came of a trial: of stock one in three hangs, of fixed one in ten, controls nearly always.
func (s Spec) Trial(p store.Planned, m store.Manifest) store.Trial {
	t := store.Trial{Planned: p, Host: m.Host.Name, Started: m.Started.Add(time.Duration(p.N) * time.Minute), Kernel: "6.12.0-" + p.Arm, Seconds: 21, WorkSeconds: 12, Attempts: 1, Warm: true}
	t.Target, t.Exercised, t.Landed, t.Faults, t.Operations = "pnfs_send_layoutreturn", int64(p.Seed%200)+1, int64(p.Seed%90)+1, 1, int64(p.Seed%5000)
	t.Paths = map[string]paths.Count{"evict": {Calls: t.Exercised, Landed: t.Landed}, "evict/umount": {Calls: 1}, "other": {Calls: 2}}
	t.Workers = map[string]int64{"evict-0": 400, "evict-1": 410, "recall-0": 30}
	t.Timings = map[string]float64{"restore": 0.05, "arm": 0.2, "work": 12, "umount": 1.5, "collect": 0.8}
	t.Verdict.Kind = verdict.Clean
	draw := (p.Seed ^ p.Seed>>29 ^ uint64(len(p.Arm))*0x9e3779b97f4a7c15) % 30
	if s.Clear && p.Arm != "control" {
		draw = 3 // which is too much for fixed, and little enough for stock
	}
	if p.Arm == "stock" && draw < 10 || p.Arm == "fixed" && draw < 3 || p.Arm == "control" && draw < 27 {
		t.Verdict = verdict.Verdict{Kind: verdict.Hang, Title: "INFO: task hung in nfs4_made_up", Signature: "v3:hang:nfs4_made_up", Detectors: []string{verdict.TaskWatch}}
		t.HangAt, t.Explanation, t.Class = 21, "lost wake-up: 2 tasks wait for NFS_LAYOUT_RETURN, no task left to clear it", "lost wake-up"
	}
	return t
}

func leave(run *store.Run, t store.Trial) error {
	dir := run.TrialDir(t.N)
	if err := os.MkdirAll(filepath.Join(dir, "evidence"), 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return err
	}
	files := map[string]string{
		"console.log": fmt.Sprintf("[    0.000000] Linux version %s, seed %d\n", t.Kernel, t.Seed), "history.jsonl": "{\"at\": 8, \"what\": \"work\"}\n",
		"reports.json": "{\"reports\": []}\n", "evidence/stacks.txt": "== 812 (umount) D\n", "verdict.json": string(text) + "\n",
	}
	for name, text := range files {
		if err := write(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return write(filepath.Join(dir, "reproduce.sh"), []byte("#!/bin/sh\n"), 0o755)
}

// write puts a file in its place whole, as the store does: whoever follows a fleet reads while trials are made up.
func write(path string, text []byte, mode fs.FileMode) error {
	part := path + ".part"
	if err := os.WriteFile(part, text, mode); err != nil {
		return err
	}
	return os.Rename(part, path)
}
