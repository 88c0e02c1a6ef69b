package store

import (
	"fmt"
	"path/filepath"

	"loopfault/results/kernelreport"
)

// Reports reads the reports.json of one trial.
func (s *Store) Reports(run string, n int) ([]kernelreport.Report, error) {
	var f kernelreport.File
	path := filepath.Join((&Run{Dir: filepath.Join(s.dir, run)}).TrialDir(n), "reports.json")
	if err := readJSON(path, &f); err != nil {
		return nil, fmt.Errorf("reports of a trial: %w", err)
	}
	return f.Reports, nil
}
