package model

import (
	"errors"
	"io"
	"path/filepath"

	"loopfault/results/safefile"
	"loopfault/results/store"
)

// readAt reads at most n bytes of a trial's file.
func readAt(run *store.Run, trial int, name string, at int64, n int) (string, error) {
	f, err := run.Open(store.TrialFile(trial, name))
	if err != nil {
		return "", err
	}
	defer f.Close()
	text := make([]byte, n)
	got, err := f.ReadAt(text, at)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return string(text[:got]), err
}

// files lists what lies in a trial's directory, its evidence last.
func files(run *store.Run, trial int) []string {
	var list []string
	for _, dir := range []string{"", "evidence"} {
		entries, _ := safefile.ListIn(run.Dir, store.TrialFile(trial, dir))
		for _, e := range entries {
			if e.Type().IsRegular() {
				list = append(list, filepath.Join(dir, e.Name()))
			}
		}
	}
	return list
}
