package trial

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/workloads/wire"
)

// records reads what the workers found out, puts it into the evidence, and makes
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
		switch name {
		case wire.FindingsFile:
			t.eyes.findings, err = findings(text)
		case wire.NthFile:
			t.result.Nth, err = nthTable(text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// findings makes reports of findings, one for each sort.
func findings(text string) ([]kernelreport.Report, error) {
	var reports []kernelreport.Report
	at := map[string]int{}
	for line := range bytes.Lines([]byte(text)) {
		var f wire.Finding
		if err := json.Unmarshal(line, &f); err != nil {
			return reports, fmt.Errorf("a finding of a worker: %w: %q", err, line)
		}
		r := kernelreport.FromFinding(kernelreport.Kind(f.Kind), f.What, f.Worker)
		if i, ok := at[r.Signature]; ok {
			reports[i].Count++
			continue
		}
		r.Detector = verdict.Checker
		at[r.Signature] = len(reports)
		reports = append(reports, r)
	}
	return reports, nil
}

// nthTable sums up what came of failing one allocation after the other.
func nthTable(text string) ([]store.Nth, error) {
	rows := map[int]*store.Nth{}
	for line := range bytes.Lines([]byte(text)) {
		var t wire.NthTry
		if err := json.Unmarshal(line, &t); err != nil {
			return nil, fmt.Errorf("a try of a worker: %w: %q", err, line)
		}
		row := rows[t.N]
		if row == nil {
			row = &store.Nth{N: t.N, Functions: map[string]int{}, Errors: map[string]int{}}
			rows[t.N] = row
		}
		row.Tries++
		if t.Landed {
			row.Landed++
		}
		if t.Function != "" {
			row.Functions[t.Function]++
		}
		if t.Errno != "" {
			row.Errors[t.Errno]++
		}
	}
	var table []store.Nth
	for _, n := range slices.Sorted(maps.Keys(rows)) {
		table = append(table, *rows[n])
	}
	return table, nil
}
