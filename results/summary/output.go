package summary

import (
	"path/filepath"

	"loopfault/results/store"
)

// Output is what commands print of a run with --json.
type Output struct {
	Run      string `json:"run"`
	Dir      string `json:"dir"`
	Seed     uint64 `json:"seed"`
	Complete bool   `json:"complete"`
	Summary
}

// OutputOf is a run's summary with where the run is.
func OutputOf(run *store.Run, seed uint64, complete bool, s Summary) Output {
	return Output{run.Name, filepath.Clean(run.Dir), seed, complete, s}
}
