// Package store is the tree of files that runs leave: it makes run
// directories, writes what belongs in them, and reads them back.
//
// Every file is written whole or not at all. The package judges nothing and
// computes nothing.
package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"loopfault/results/kernelreport"
	"loopfault/results/safefile"
)

// Store is a results directory.
type Store struct{ dir string }

// Open makes the results directory when it is not there, and checks that it
// can be written.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("results directory: %w", err)
	}
	probe, err := os.CreateTemp(dir, ".writable-")
	if err != nil {
		return nil, fmt.Errorf("results directory: %w", err)
	}
	probe.Close()
	return &Store{dir}, os.Remove(probe.Name())
}

// Find opens a results directory for reading; it must be there.
func Find(dir string) (*Store, error) {
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, missing(fmt.Sprintf("the results directory %s is not there yet: loopfault run SCENARIO makes it, and --results says where it is", dir))
	} else if err != nil {
		return nil, fmt.Errorf("results directory: %w", err)
	} else if !info.IsDir() {
		return nil, fmt.Errorf("results directory: %s is no directory", dir)
	}
	return &Store{dir}, nil
}

// Run is one run's directory.
type Run struct {
	Dir  string
	Name string
}

// File is a file that a run cannot do without.
type File struct {
	Name string
	Text []byte
}

// Create makes the directory of a new run, writes its manifest and points "latest" at
// it. The name sorts by time. files are written before the manifest, which makes a
// directory a run: a process killed in between has begun nothing.
func (s *Store) Create(m Manifest, files ...File) (*Run, error) {
	name, err := s.reserve(m.Started, m.Name)
	if err != nil {
		return nil, err
	}
	m.Run, m.Format = name, Format
	r := &Run{Dir: filepath.Join(s.dir, name), Name: name}
	for _, f := range files {
		if err := r.Write(f.Name, f.Text); err != nil {
			return nil, err
		}
	}
	if err := r.writeJSON("manifest.json", m); err != nil {
		return nil, err
	}
	// A run that lost its manifest in a power failure could not be resumed.
	for _, d := range []string{r.Dir, s.dir} {
		if err := syncPath(d); err != nil {
			return nil, err
		}
	}
	if err := renameio.Symlink(name, filepath.Join(s.dir, "latest")); err != nil {
		return nil, fmt.Errorf("point latest at the run: %w", err)
	}
	return r, nil
}

// pathForm matches what a scenario's name may have (a colon, for example) but a
// directory's should not.
var pathForm = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// reserve makes a directory with a unique name: two runs may start in one second.
func (s *Store) reserve(at time.Time, scenario string) (string, error) {
	base := at.UTC().Format("20060102-150405") + "-" + pathForm.ReplaceAllString(scenario, "-")
	for i := 1; ; i++ {
		name := base
		if i > 1 {
			name = fmt.Sprintf("%s.%d", base, i)
		}
		err := os.Mkdir(filepath.Join(s.dir, name), 0o755)
		if err == nil {
			return name, os.Mkdir(filepath.Join(s.dir, name, "trials"), 0o755)
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
}

// Trial makes and names the directory of trial n, without files of an earlier
// attempt.
func (r *Run) Trial(n int) (string, error) {
	root, err := os.OpenRoot(r.Dir) // "trials" may be a symbolic link in somebody else's run
	if err != nil {
		return "", err
	}
	defer root.Close()
	if err := root.RemoveAll(TrialFile(n, "")); err != nil {
		return "", err
	}
	return r.TrialDir(n), root.MkdirAll(TrialFile(n, "evidence"), 0o755)
}

// TrialDir names the directory of trial n.
func (r *Run) TrialDir(n int) string {
	return filepath.Join(r.Dir, TrialFile(n, ""))
}

// TrialFile names a file of trial n, seen from its run's directory.
func TrialFile(n int, name string) string {
	return filepath.Join("trials", fmt.Sprintf("%04d", n), name)
}

// WriteReports writes reports.json of trial n.
func (r *Run) WriteReports(n int, reports []kernelreport.Report) error {
	if reports == nil {
		reports = []kernelreport.Report{}
	}
	return r.writeJSON(TrialFile(n, "reports.json"), kernelreport.File{Reports: reports})
}

// WriteTrial writes verdict.json, whose presence says that the trial is complete:
// everything else of it is on disk before, whatever happens to the machine.
func (r *Run) WriteTrial(t Trial) error {
	dir := r.TrialDir(t.N)
	if err := syncTree(dir); err != nil {
		return err
	}
	if err := r.writeJSON(TrialFile(t.N, "verdict.json"), t); err != nil {
		return err
	}
	return syncPath(dir)
}

// WriteSummary writes summary.json.
func (r *Run) WriteSummary(summary any) error {
	return r.writeJSON("summary.json", summary)
}

// Listed is one line of the list of runs.
type Listed struct {
	Run      string
	Dir      string
	Manifest Manifest
	Trials   []Trial
	Problem  string // why the run could not be read whole, "" when it could
}

// List reads all runs, oldest first. Runs that cannot be read are listed with
// their problem.
func (s *Store) List() ([]Listed, error) {
	entries, err := safefile.ListIn(s.dir, ".")
	if err != nil {
		return nil, fmt.Errorf("results directory: %w", err)
	}
	var runs []Listed
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			runs = append(runs, s.Read(e.Name()))
		}
	}
	return runs, nil
}

// Read reads one run. If it cannot be read in full, Problem says why.
func (s *Store) Read(name string) Listed {
	dir := filepath.Join(s.dir, name)
	l := Listed{Run: name, Dir: dir}
	if err := l.Manifest.read(dir); err != nil {
		l.Manifest, l.Problem = Manifest{}, err.Error()
		return l
	}
	var err error
	if l.Trials, err = readTrials(dir); err != nil {
		l.Problem = err.Error()
	}
	return l
}

// Open opens a file of the run for reading, named as seen from its directory. A name that is no regular file,
// or leads out of the run, is refused.
func (r *Run) Open(name string) (*os.File, error) { return safefile.OpenIn(r.Dir, name) }

// Write writes a file of the run, whole or not at all.
func (r *Run) Write(name string, text []byte) error {
	return safefile.WriteIn(r.Dir, name, text, 0o644)
}

func (r *Run) writeJSON(name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	return r.Write(name, append(text, '\n'))
}

// maxJSON is the most that is read of one file, in bytes: the reports of a console full of them fit.
const maxJSON = 1 << 30

func readJSON(dir, name string, v any) error {
	text, err := safefile.ReadIn(dir, name, maxJSON)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(dir, name), err)
	}
	return nil
}
