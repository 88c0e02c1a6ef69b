package model

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"loopfault/results/store"
)

// readAt reads at most n bytes of a trial's file.
func readAt(run *store.Run, trial int, name string, at int64, n int) (string, error) {
	f, err := os.Open(filepath.Join(run.TrialDir(trial), name))
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
		entries, _ := os.ReadDir(filepath.Join(run.TrialDir(trial), dir))
		for _, e := range entries {
			if e.Type().IsRegular() {
				list = append(list, filepath.Join(dir, e.Name()))
			}
		}
	}
	return list
}
