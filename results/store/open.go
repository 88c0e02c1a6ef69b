package store

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"loopfault/results/kernelreport"
)

// Stored is a run as it was read back.
type Stored struct {
	*Run
	Manifest Manifest
	Trials   []Trial // those that are complete, by number
}

// Load reads a run by its name, "latest", or a path of its directory. A trial
// whose verdict cannot be read is not complete.
func (s *Store) Load(name string) (Stored, error) {
	dir := filepath.Join(s.dir, name)
	if strings.ContainsRune(name, filepath.Separator) {
		dir = name
	}
	dir, err := filepath.EvalSymlinks(dir) // latest
	if err != nil {
		return Stored{}, fmt.Errorf("run %q: %w", name, err)
	}
	r := Stored{Run: &Run{Dir: dir, Name: filepath.Base(dir)}}
	if err := r.Manifest.read(dir); err != nil {
		return Stored{}, fmt.Errorf("run %q: %w", name, err)
	}
	r.Trials, err = r.ReadTrials()
	return r, err
}

// ReadTrials reads the complete trials of the run, by number. One whose verdict
// cannot be read is not complete.
func (r *Run) ReadTrials() ([]Trial, error) {
	if _, err := os.ReadDir(filepath.Join(r.Dir, "trials")); err != nil {
		return nil, err
	}
	trials, _ := readTrials(r.Dir)
	return trials, nil
}

// ReadTrial reads the verdict of a complete trial.
func (r *Run) ReadTrial(n int) (Trial, error) {
	var t Trial
	err := readJSON(filepath.Join(r.TrialDir(n), "verdict.json"), &t)
	return t, err
}

// LoadTrial reads one trial by the path of its directory, or as RUN/N. The trial
// need not be complete.
func (s *Store) LoadTrial(name string) (Stored, int, error) {
	name = strings.TrimSuffix(name, string(filepath.Separator))
	n, err := strconv.Atoi(filepath.Base(name))
	if err != nil || n < 1 {
		return Stored{}, 0, fmt.Errorf("trial %q: want RUN/NUMBER or the directory of a trial", name)
	}
	run := filepath.Dir(name)
	if filepath.Base(run) == "trials" {
		run = filepath.Dir(run)
	}
	if !strings.ContainsRune(run, filepath.Separator) && isRun(run) {
		run = "." + string(filepath.Separator) + run // seen from here, as a shell completes it
	}
	stored, err := s.Load(run)
	if err != nil {
		return Stored{}, 0, fmt.Errorf("trial %q: %w", name, err)
	}
	return stored, n, nil
}

func isRun(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "manifest.json"))
	return err == nil
}

func (m *Manifest) read(dir string) error {
	if err := readJSON(filepath.Join(dir, "manifest.json"), m); err != nil {
		return err
	}
	if m.Format != Format {
		return fmt.Errorf("manifest.json is of format %d, this loopfault reads %d", m.Format, Format)
	}
	return nil
}

// readTrials reads the complete trials of a run, and says what could not be read.
func readTrials(dir string) (trials []Trial, problem error) {
	verdicts, _ := filepath.Glob(filepath.Join(dir, "trials", "*", "verdict.json"))
	for _, v := range verdicts {
		var t Trial
		if err := readJSON(v, &t); err != nil {
			problem = err
			continue
		}
		trials = append(trials, t)
	}
	sort.Slice(trials, func(i, j int) bool { return trials[i].N < trials[j].N })
	return trials, problem
}

// Reports reads the reports of trial n.
func (r *Run) Reports(n int) ([]kernelreport.Report, error) {
	var f kernelreport.File
	err := readJSON(filepath.Join(r.TrialDir(n), "reports.json"), &f)
	return f.Reports, err
}

// syncTree makes sure that everything below a directory is on disk.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return syncPath(path)
	})
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// FindPart reads the newest run that is the named part of something greater. Runs
// whose manifest cannot be read are no part of anything.
func (s *Store) FindPart(part string) (stored Stored, found bool, err error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return Stored{}, false, fmt.Errorf("results directory: %w", err)
	}
	for _, e := range slices.Backward(entries) {
		var m Manifest
		if !e.IsDir() || m.read(filepath.Join(s.dir, e.Name())) != nil || m.Part != part {
			continue
		}
		stored, err := s.Load(e.Name())
		return stored, err == nil, err
	}
	return Stored{}, false, nil
}
