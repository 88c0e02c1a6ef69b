package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/workloads/wire"
)

// records reads the workers' records, puts them into the evidence, and makes
// reports of their findings.
func (t *trial) records(ctx context.Context) error {
	for _, name := range wire.RecordFiles() {
		text, err := t.agent.ReadFile(ctx, wire.RecordDir+"/"+name)
		if err != nil {
			return fmt.Errorf("what the workers recorded: %w", err)
		}
		if text == "" {
			continue
		}
		t.save(name, text)
		cut := 0
		switch name {
		case wire.FindingsFile:
			t.detectors.findings, cut = findings(text)
		case wire.NthFile:
			t.result.Nth, cut = nthTable(text)
		}
		if cut > 0 {
			t.history.add(entry{Type: "evidence", What: name, Detail: fmt.Sprintf(
				"%d lines were left out: their workers were killed in the middle of them, or there were too many", cut)})
		}
	}
	return nil
}

// maxRecords is how many findings of different sorts, or rows of the table of failed allocations, a trial has
// at most. Real workers produce hundreds.
const maxRecords = 10_000

// each reads lines of JSON, and counts invalid ones: a worker that is killed in the
// middle of a write leaves a partial line.
func each[T any](text string, do func(T)) (cut int) {
	for line := range strings.Lines(text) {
		var v T
		if json.Unmarshal([]byte(line), &v) != nil {
			cut++
			continue
		}
		do(v)
	}
	return cut
}

// findings makes reports of findings, one for each sort.
func findings(text string) (reports []kernelreport.Report, cut int) {
	at, over := map[string]int{}, 0
	cut = each(text, func(f wire.Finding) {
		if f.Kind != wire.DataCorruption && f.Kind != wire.LockViolation {
			over++
			return
		}
		r := kernelreport.FromFinding(kernelreport.Kind(f.Kind), f.What, f.Worker)
		if i, ok := at[r.Signature]; ok {
			reports[i].Count++
			return
		}
		if len(reports) == maxRecords {
			over++
			return
		}
		r.Detector = verdict.Checker
		at[r.Signature] = len(reports)
		reports = append(reports, r)
	})
	return reports, cut + over
}

// nthTable summarizes the results of failing one allocation after the other.
func nthTable(text string) (table []store.Nth, cut int) {
	rows, over := map[int]*store.Nth{}, 0
	cut = each(text, func(t wire.NthTry) {
		row := rows[t.N]
		if row == nil && len(rows) == maxRecords {
			over++
			return
		}
		if row == nil {
			row = &store.Nth{N: t.N, Functions: map[string]int{}, Errors: map[string]int{}}
			rows[t.N] = row
		}
		row.Tries++
		if t.Landed {
			row.Landed++
		}
		if f := failedIn(t); f != "" {
			row.Functions[f]++
		}
		if t.Errno != "" {
			row.Errors[t.Errno]++
		}
	})
	for _, n := range slices.Sorted(maps.Keys(rows)) {
		table = append(table, *rows[n])
	}
	return table, cut + over
}

// failedIn is the function whose allocation failed, according to the kernel's log; ""
// where it does not tell, since some allocations suppress the message.
func failedIn(t wire.NthTry) string {
	for _, r := range kernelreport.Parse([]byte(t.Log)) {
		if r.Kind != kernelreport.KindFaultInjection || len(r.Tasks) == 0 {
			continue
		}
		if task := r.Tasks[0]; task.PID != nil && *task.PID == t.Thread {
			return task.BlameFrame
		}
	}
	return ""
}
