package store

import (
	"fmt"
	"path/filepath"

	"loopfault/results/kernelreport"
)

// Reports reads the reports.json of one trial.
func (s *Store) Reports(run string, n int) ([]kernelreport.Report, error) {
	var f kernelreport.File
	if err := readJSON(filepath.Join(s.dir, run), TrialFile(n, "reports.json"), &f); err != nil {
		return nil, fmt.Errorf("reports of a trial: %w", err)
	}
	return f.Reports, nil
}
