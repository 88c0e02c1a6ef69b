package fakerun

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// leave writes a trial's files.
func leave(run *store.Run, t store.Trial, spec Spec) error {
	dir, err := run.Trial(t.N)
	if err != nil {
		return err
	}
	console, reports := console(t, spec)
	for name, text := range map[string]string{"history.jsonl": history(t), "console.log": console, "reproduce.sh": "#!/bin/sh\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	if t.Verdict.Kind == verdict.Hang {
		stacks := "== 812 (umount) D\nrpc_wait_bit_killable\n[<0>] rpc_wait_bit_killable+0xd/0x60\n[<0>] _pnfs_return_layout+0x1/0x2\n[<0>] evict+0x1/0x2\n"
		if err := os.WriteFile(filepath.Join(dir, "evidence", "stacks.txt"), []byte(stacks), 0o644); err != nil {
			return err
		}
	}
	// Not by the store's own way, which waits for the disk each time.
	for name, v := range map[string]any{"reports.json": kernelreport.File{Reports: reports}, "verdict.json": t} {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// console is what the kernel printed, with the reports in it.
func console(t store.Trial, spec Spec) (string, []kernelreport.Report) {
	var b strings.Builder
	var reports []kernelreport.Report
	b.WriteString("[    0.000000] Linux version 6.12.0\n")
	for i := range 20 {
		start := b.Len()
		fmt.Fprintf(&b, "[   %d.500000] FAULT_INJECTION: forcing a failure.\n", 10+i/2)
		reports = append(reports, kernelreport.Report{Kind: kernelreport.KindFaultInjection, Signature: "v2:fault_injection:-:-", Start: start, End: b.Len(), Detector: verdict.Console, Tasks: []kernelreport.Task{}})
	}
	if t.Verdict.Kind != verdict.Hang {
		return b.String(), reports
	}
	i := -1
	_, digits, _ := strings.Cut(t.Signature, "nfs4_made_up_")
	if number, _, _ := strings.Cut(digits, "/"); digits != "" {
		i, _ = strconv.Atoi(number)
	}
	r := Report(i, spec.Hostile)
	seen := r
	seen.Detector, seen.Start = verdict.Khungtaskd, b.Len()
	b.WriteString("[   21.000000] INFO: task umount:812 blocked for more than 10 seconds.\n")
	if spec.Hostile {
		b.WriteString("[   21.000001] " + Hostile + "\n" + strings.Repeat("A", 1<<20) + "\n")
	}
	seen.End = b.Len()
	return b.String(), append(reports, r, seen)
}

// history is a trial of 20 s that stops when it hangs.
func history(t store.Trial) string {
	var b strings.Builder
	add := func(e map[string]any) {
		line, _ := json.Marshal(e)
		b.Write(append(line, '\n'))
	}
	add(map[string]any{"t": 8.0, "type": "phase", "what": "work"})
	add(map[string]any{"t": 8.2, "type": "fault", "what": "armed", "detail": "failslab: made up"})
	add(map[string]any{"t": 8.3, "type": "pressure", "what": "armed", "detail": "memcg: made up"})
	ops := 0
	for s := range 16 {
		if t.Verdict.Kind != verdict.Hang || s < 4 {
			ops += 40 + 13*s%29
		}
		add(map[string]any{"t": 9.0 + float64(s), "type": "workload", "data": map[string]any{"ops": []int{ops, ops / 2}}})
	}
	if t.Verdict.Kind == verdict.Hang {
		add(map[string]any{"t": 21.0, "type": "blocked", "what": "umount", "data": map[string]any{"since": 12.5}})
	}
	add(map[string]any{"t": 25.0, "type": "verdict", "what": t.Verdict.Kind})
	return b.String()
}
