package trial

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"loopfault/results/kernelreport"
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
		if name == wire.FindingsFile {
			if t.eyes.findings, err = findings(text); err != nil {
				return err
			}
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
