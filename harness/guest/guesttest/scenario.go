package guesttest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"loopfault/harness/scenario"
)

// ShortScenario writes a scenario of the catalogue into a directory, with variants of some seconds of work, a of two and
// b of three, and returns its path.
func ShortScenario(dir string) (string, error) {
	_, text, err := scenario.Find("create-known")
	if err != nil {
		return "", err
	}
	before, _, ok := strings.Cut(string(text), "variants:\n")
	if !ok {
		return "", errors.New("scenario create-known has no variants any more, which tests replace")
	}
	path := filepath.Join(dir, "short.yaml")
	return path, os.WriteFile(path, []byte(before+"variants:\n  a:\n    run: 2s\n  b:\n    run: 3s\n"), 0o644)
}
