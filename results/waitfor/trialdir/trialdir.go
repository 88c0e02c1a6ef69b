// Package trialdir reads the evidence of a stored trial and has it explained.
// It knows which files of the tree hold what, and nothing of what they mean.
package trialdir

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"loopfault/results/evidence"
	"loopfault/results/safefile"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/results/waitfor"
)

// maxFile is the most that is read of one file, in bytes. Of a console, the end
// tells.
const maxFile = 16 << 20

// ErrNoEvidence says that a trial left nothing to explain: it did not hang, or
// it is not there.
var ErrNoEvidence = errors.New("no evidence of a hang: want evidence/stacks.txt, or a report of a blocked task")

// Explain reads trial n of a run. Files that are missing make the explanation
// weaker; that none is there is ErrNoEvidence.
func Explain(r *store.Run, n int) (waitfor.Explanation, error) {
	e, err := Read(r, n)
	if err != nil {
		return waitfor.Explanation{}, err
	}
	x := waitfor.Explain(e)
	if x.Class == waitfor.Nothing && e.Stacks == "" && e.Tasks == "" {
		return x, fmt.Errorf("trial %d: %w", n, ErrNoEvidence)
	}
	if cameBack(e.History) {
		return waitfor.CameBack(x), nil
	}
	quiet, err := read(r, n, evidence.Quiet)
	if err != nil || quiet.Tasks == "" {
		return x, err
	}
	quiet.Reports, quiet.History, quiet.Config = e.Reports, e.History, e.Config // kept once
	return waitfor.Together(x, waitfor.Explain(quiet)), nil
}

// cameBack says that a trial was watched without load, and its tasks went on.
func cameBack(history string) bool {
	for line := range strings.Lines(history) {
		if e, ok := evidence.Parse([]byte(line)); ok && e.Type == evidence.Confirmed {
			return e.What == verdict.Back
		}
	}
	return false
}

// Read collects the texts of trial n. A reports.json that is not there or not
// whole is left out: what it says, stacks and history say as well.
func Read(r *store.Run, n int) (waitfor.Evidence, error) {
	if _, err := safefile.StatIn(r.Dir, store.TrialFile(n, "")); err != nil {
		return waitfor.Evidence{}, fmt.Errorf("trial %d: %w", n, err)
	}
	e, err := read(r, n, evidence.Dir)
	if err != nil {
		return e, err
	}
	e.Reports, _ = r.Reports(n)
	return e, nil
}

// read collects the texts of trial n, of its evidence those in one folder.
func read(r *store.Run, n int, dir string) (e waitfor.Evidence, err error) {
	for name, to := range e.Files() {
		if file, ok := strings.CutPrefix(name, "evidence/"); ok {
			name = dir + "/" + file
		}
		text, err := readEnd(r, store.TrialFile(n, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return e, fmt.Errorf("trial %d: %w", n, err)
		}
		*to = text
	}
	return e, nil
}

// readEnd reads the last maxFile bytes of a file.
func readEnd(r *store.Run, name string) (string, error) {
	f, err := r.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if info.Size() > maxFile {
		if _, err := f.Seek(-maxFile, io.SeekEnd); err != nil {
			return "", err
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	return string(text), err
}
