package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"loopfault/results/kernelreport"
	"loopfault/results/safefile"
)

// Stored is a run as it was read back.
type Stored struct {
	*Run
	Manifest Manifest
	Trials   []Trial // those that are complete, by number
}

// Complete is the trial of that number, if it is complete.
func (s Stored) Complete(n int) (t Trial, complete bool) {
	for _, t := range s.Trials {
		if t.N == n {
			return t, true
		}
	}
	return Trial{}, false
}

// Load reads a run by its name, "latest", or a path of its directory. A trial
// whose verdict cannot be read is not complete.
func (s *Store) Load(name string) (Stored, error) {
	dir, err := s.find(name)
	if errors.Is(err, fs.ErrNotExist) {
		return Stored{}, missing(fmt.Sprintf("there is no run %q in %s: loopfault list shows all", name, s.dir))
	}
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

// missing says in words that something is not there: it is fs.ErrNotExist.
type missing string

func (m missing) Error() string { return string(m) }

func (missing) Is(target error) bool { return target == fs.ErrNotExist }

// find is the directory of a run. The result has to be in the results directory: "latest" is a link, and links
// of a foreign results directory may point anywhere.
func (s *Store) find(name string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		return filepath.EvalSymlinks(name)
	}
	dir, err := filepath.EvalSymlinks(filepath.Join(s.dir, name))
	if err != nil {
		return "", err
	}
	home, err := filepath.EvalSymlinks(s.dir)
	if err != nil {
		return "", err
	}
	if filepath.Dir(dir) != home {
		return "", fmt.Errorf("it leads out of the results directory %s, to %s: not followed", s.dir, dir)
	}
	return dir, nil
}

// ReadTrials reads the complete trials of the run, by number. One whose verdict
// cannot be read is not complete.
func (r *Run) ReadTrials() ([]Trial, error) {
	if _, err := safefile.ListIn(r.Dir, "trials"); err != nil {
		return nil, err
	}
	trials, _ := readTrials(r.Dir)
	return trials, nil
}

// ReadTrial reads the verdict of a complete trial.
func (r *Run) ReadTrial(n int) (Trial, error) {
	var t Trial
	err := readJSON(r.Dir, TrialFile(n, "verdict.json"), &t)
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
	_, err := safefile.StatIn(dir, "manifest.json")
	return err == nil
}

func (m *Manifest) read(dir string) error {
	if err := readJSON(dir, "manifest.json", m); err != nil {
		return err
	}
	if m.Format != Format {
		return fmt.Errorf("manifest.json is of format %d, this loopfault reads %d", m.Format, Format)
	}
	return nil
}

// readTrials reads the complete trials of a run, and says what could not be read.
func readTrials(dir string) (trials []Trial, problem error) {
	entries, err := safefile.ListIn(dir, "trials")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		var t Trial
		err := readJSON(dir, filepath.Join("trials", e.Name(), "verdict.json"), &t)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
			continue // not complete, or no trial
		}
		if err != nil {
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
	err := readJSON(r.Dir, TrialFile(n, "reports.json"), &f)
	return f.Reports, err
}

// syncTree makes sure that everything below a directory is on disk.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() && !e.Type().IsRegular() {
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

// FindPart reads the newest run that is the named part of something larger. Runs
// with an unreadable manifest are skipped.
func (s *Store) FindPart(part string) (stored Stored, found bool, err error) {
	return s.Newest(func(m Manifest) bool { return m.Part == part })
}

// Newest reads the newest run whose manifest is wanted. Runs with an unreadable
// manifest are skipped.
func (s *Store) Newest(wanted func(Manifest) bool) (stored Stored, found bool, err error) {
	entries, err := safefile.ListIn(s.dir, ".")
	if err != nil {
		return Stored{}, false, fmt.Errorf("results directory: %w", err)
	}
	for _, e := range slices.Backward(entries) {
		var m Manifest
		if !e.IsDir() || m.read(filepath.Join(s.dir, e.Name())) != nil || !wanted(m) {
			continue
		}
		stored, err := s.Load(e.Name())
		return stored, err == nil, err
	}
	return Stored{}, false, nil
}
