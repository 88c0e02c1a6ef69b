// Package fakerun makes runs for tests and measurements of what reads them: as many trials and signatures as
// wanted, with files as a campaign leaves them, and a kernel that prints hostile text. No guest is run.
package fakerun

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"loopfault/results/kernelreport"
	"loopfault/results/known"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// Spec says what kind of run to make. The zero value is an empty run.
type Spec struct {
	Trials     int // over three arms: stock, fixed, and a control
	Signatures int // of hangs on stock; the control has one more, its own
	Hostile    bool
	Started    time.Time
}

// Hostile is a line that does harm where it is not escaped: markup, terminal escapes, marks that turn the
// direction of text around, bytes that are no text, ends of code blocks.
const Hostile = "</pre><script>alert(1)</script>\x1b[2J\x07\u202egnp.exe\u2066 \xff\xfe ``` | ]]> -- ok 1 not ok\r"

// Make makes the run in st.
func Make(st *store.Store, spec Spec) (*store.Run, error) {
	if spec.Started.IsZero() {
		spec.Started = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	}
	m := Manifest(spec)
	run, err := st.Create(m)
	if err != nil {
		return nil, err
	}
	m.Run = run.Name
	if err := os.WriteFile(filepath.Join(run.Dir, "scenario.yaml"), []byte("name: made-up\n"), 0o644); err != nil {
		return nil, err
	}
	for _, t := range Trials(spec) {
		if err := leave(run, t, spec); err != nil {
			return nil, err
		}
	}
	return run, nil
}

// Manifest is the run's manifest.
func Manifest(spec Spec) store.Manifest {
	title := "an allocation fails on the way"
	listed := known.Issue{Signature: "v3:hang:made-up", Reason: "made up", Until: "2000-01-01"} // past, so that it is told of
	if spec.Hostile {
		title += Hostile
		listed.Signature += Hostile
		listed.Reason += Hostile
	}
	scenario, _ := json.Marshal(map[string]string{"name": "made-up", "title": title, "target": "pnfs_send_layoutreturn", "mechanism": "Nobody ran this: it is for tests."})
	hash := strings.Repeat("0123456789abcdef", 4)
	arm := func(name string, control bool, patches ...store.Patch) store.Arm {
		return store.Arm{Name: name, Kernel: name, Control: control, Version: "6.12.0-" + name, KernelHash: hash, KernelKey: hash,
			ConfigHash: hash, SourceHash: hash, Patches: patches}
	}
	return store.Manifest{
		Name: "made-up", Scenario: scenario, Started: spec.Started, Terms: store.Terms{Seed: 42, Trials: spec.Trials / 2, Known: []known.Issue{listed}},
		Command:  []string{"loopfault", "compare", "made-up", "--arm", "stock=stock", "--arm", "fixed=fixed", "--control", "control=control"},
		Arms:     []store.Arm{arm("stock", false), arm("fixed", false, store.Patch{Name: "fix.patch", SHA256: hash}), arm("control", true)},
		QEMU:     store.QEMU{Binary: "qemu-system-x86_64", Accel: "tcg", Reason: "made up"},
		Host:     store.Host{Kernel: "6.1", CPU: "made-up CPU", Cores: 2, MemMiB: 4096},
		Image:    store.Image{Key: hash, SHA256: hash},
		Versions: map[string]string{"loopfault": "test", "go": "test", "qemu": "test"},
	}
}

// Trials are the run's trials, the same ones for the same spec.
func Trials(spec Spec) []store.Trial {
	rng := rand.New(rand.NewPCG(1, 2))
	at := spec.Started
	var list []store.Trial
	for n := 1; n <= spec.Trials; n++ {
		t := store.Trial{Planned: store.Planned{N: n, Arm: []string{"stock", "fixed", "stock", "fixed", "control"}[n%5], Seed: rng.Uint64()}, Started: at, Kernel: "6.12.0"}
		t.Seconds, t.WorkSeconds, t.Warm, t.Attempts, t.Faults = 15+10*rng.Float64(), 10, true, 1, 1
		t.Target, t.Exercised, t.Landed, t.Operations = "pnfs_send_layoutreturn", rng.Int64N(200)+1, rng.Int64N(90)+1, rng.Int64N(5000)+1
		at = at.Add(time.Duration(t.Seconds * float64(time.Second)))
		t.Verdict = verdictOf(rng, t, spec)
		if t.Verdict.Kind == verdict.Hang {
			t.HangAt, t.Explanation = 21, "lost wake-up: 2 tasks wait for NFS_LAYOUT_RETURN, no task left to clear it"
			t.Class, t.Resource = "lost wake-up", "NFS_LAYOUT_RETURN"
		}
		list = append(list, t)
	}
	return list
}

func verdictOf(rng *rand.Rand, t store.Trial, spec Spec) verdict.Verdict {
	switch {
	case t.Arm == "control" && spec.Signatures > 0:
		return hang(Report(-1, spec.Hostile))
	case t.Arm == "stock" && spec.Signatures > 0 && rng.IntN(3) > 0:
		return hang(Report(rng.IntN(spec.Signatures), spec.Hostile))
	case rng.IntN(20) == 0:
		return verdict.Verdict{Kind: verdict.Inconclusive, Reason: "fault did not land", Doubt: verdict.NotLanded}
	case rng.IntN(60) == 0:
		return verdict.Verdict{Kind: verdict.Error, Reason: "guest: the agent said nothing for 30s"}
	}
	return verdict.Verdict{Kind: verdict.Clean}
}

func hang(r kernelreport.Report) verdict.Verdict {
	return verdict.Verdict{Kind: verdict.Hang, Title: r.Title, Signature: r.Signature, Detectors: []string{r.Detector}}
}

// Report is hang number i, with a stack of its own.
func Report(i int, hostile bool) kernelreport.Report {
	own := fmt.Sprintf("nfs4_made_up_%d", i)
	if i < 0 {
		own = "pnfs_update_layout"
	}
	text := ""
	for _, f := range []string{"rpc_wait_bit_killable", "__rpc_execute", own, "nfs4_evict_inode", "evict", "generic_shutdown_super", "do_syscall_64", "entry_SYSCALL_64_after_hwframe"} {
		text += "[<0>] " + f + "+0x10/0x200\n"
	}
	r := kernelreport.FromStack("umount", 812, "D", 20, text)
	r.Detector = verdict.TaskWatch
	if hostile {
		r.Title += Hostile
		r.Tasks[0].Comm = Hostile
	}
	return r
}
