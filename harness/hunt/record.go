package hunt

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"loopfault/errs"
	"loopfault/harness/cells"
	"loopfault/harness/fleet"
	"loopfault/harness/matrix"
	"loopfault/harness/scenario"
	"loopfault/results/store"
)

const (
	format = 1
	kind   = "hunt"
)

// Record is hunt-TIME.json: what a hunt was asked for whose first turns an engine runs, and how far those are. All turns after
// them are runs that are found by their names, as those of other hunts.
type Record struct {
	Format  int            `json:"format"`
	Started time.Time      `json:"started"`
	Kernel  string         `json:"kernel"`
	Hash    string         `json:"kernel_hash"` // of its image
	Order   fleet.Order    `json:"order"`
	Terms   store.Terms    `json:"terms"` // of the first turns; the seed is the hunt's
	For     store.Duration `json:"for"`
	Small   store.Duration `json:"small"`
	Tries   int            `json:"tries"`
	Firsts  []First        `json:"firsts"`
	Worked  float64        `json:"worked"` // seconds on the clock while a process followed the first turns
	path    string
}

// First is the first turn of a scenario.
type First struct {
	Scenario scenario.Ref  `json:"scenario"`
	State    matrix.State  `json:"state"` // waiting, done, not applicable (it cannot be run) or failed (lost)
	Why      string        `json:"why,omitempty"`
	Run      store.RunName `json:"run,omitempty"` // empty if there is none
	Seconds  float64       `json:"seconds,omitempty"`
}

func (f First) unfit() bool { return f.State == matrix.NotApplicable }
func (f First) lost() bool  { return f.State == matrix.Failed }

// recordForm is what records of hunts are called.
var recordForm = regexp.MustCompile(`^` + kind + `-[0-9]{8}-[0-9]{6}[0-9_]*\.json$`)

// IsRecord says whether a name, or a path, is one of a record of a hunt.
func IsRecord(name string) bool { return recordForm.MatchString(filepath.Base(name)) }

// NewRecord gives a hunt a record in the results directory, with all first turns waiting.
func NewRecord(results string, r Record, now time.Time) (*Record, error) {
	list, err := places()
	if err != nil {
		return nil, err
	}
	r.Format, r.Started = format, now.UTC()
	for _, ref := range firsts(list, r.Terms.Seed) {
		r.Firsts = append(r.Firsts, First{Scenario: ref, State: matrix.Waiting})
	}
	if r.path, err = store.NewRecord(results, kind, now); err != nil {
		return nil, err
	}
	return &r, r.Save()
}

// ReadRecord reads a record by its name in the results directory, its path, or "latest".
func ReadRecord(results, name string) (*Record, error) {
	path, err := store.FindRecord(results, kind, name)
	if err != nil {
		return nil, errs.ByUser(err)
	}
	r := &Record{path: path}
	if err := store.ReadRecord(path, format, r); err != nil {
		return nil, errs.ByUser(err)
	}
	if why := r.check(); why != "" {
		return nil, errs.Usagef("%s is damaged: %s", path, why)
	}
	return r, nil
}

// check says what cannot be, "" if nothing: it may have come from elsewhere.
func (r *Record) check() string {
	switch {
	case r.Kernel == "" || r.Hash == "":
		return "it names no kernel"
	case r.For <= 0 || r.Small < 0 || r.Tries < 1 || r.Terms.Trials < 1:
		return "its times or its numbers of trials cannot be"
	case r.Terms.Until != store.UntilHang:
		return "its turns do not run until one hangs"
	case !slices.Contains([]fleet.Kind{fleet.Local, fleet.Slurm, fleet.Kubernetes}, r.Order.Engine):
		return fmt.Sprintf("its engine %.20q is none of local, slurm and kubernetes", r.Order.Engine)
	case r.Order.CheckSite() != nil:
		return r.Order.CheckSite().Error()
	}
	list, err := places()
	if err != nil {
		return err.Error()
	}
	refs := firsts(list, r.Terms.Seed)
	if len(refs) != len(r.Firsts) {
		return fmt.Sprintf("it has %d first turns, and this loopfault has %d scenarios for them", len(r.Firsts), len(refs))
	}
	for i, f := range r.Firsts {
		switch {
		case f.Scenario.String() != refs[i].String():
			return fmt.Sprintf("its turn %d is %.80q, and this loopfault's %s", i+1, f.Scenario, refs[i])
		case !slices.Contains([]matrix.State{matrix.Waiting, matrix.Done, matrix.NotApplicable, matrix.Failed}, f.State):
			return fmt.Sprintf("its turn %d is %.20q", i+1, f.State)
		case f.State == matrix.Done && f.Run == "":
			return fmt.Sprintf("its turn %d is done, and has no run", i+1)
		}
	}
	return ""
}

// FindRecord is the newest record of a hunt with a kernel and a seed, nil if there is none. Such a hunt goes on by the engine
// that it was begun with ("" is none): its turns may run there still.
func FindRecord(results, kernel string, seed uint64, engine fleet.Kind) (*Record, error) {
	paths, err := store.Records(results, kind)
	if err != nil {
		return nil, err
	}
	for _, path := range slices.Backward(paths) {
		if !IsRecord(path) {
			continue
		}
		var head struct {
			Kernel string
			Terms  struct{ Seed uint64 }
			Order  struct{ Engine fleet.Kind }
		}
		if err := store.ReadRecord(path, format, &head); err != nil {
			if engine == "" {
				continue // a hunt without an engine needs none
			}
			return nil, errs.ByUser(err)
		}
		if head.Kernel != kernel || head.Terms.Seed != seed {
			continue
		}
		name := filepath.Base(path)
		switch {
		case engine == "":
			return nil, errs.Usagef("%s, with the same kernel and seed, was begun with --engine %.20s: say the same to go on with that hunt, or another --seed", name, head.Order.Engine)
		case engine != head.Order.Engine:
			return nil, errs.Usagef("%s was begun with --engine %.20s: say the same to go on with that hunt, or another --seed to begin a new one", name, head.Order.Engine)
		}
		return ReadRecord(results, name)
	}
	return nil, nil
}

// Save writes the record.
func (r *Record) Save() error { return store.WriteRecord(r.path, r) }

// Name is that of the record.
func (r *Record) Name() string { return filepath.Base(r.path) }

// Path is that of the record.
func (r *Record) Path() string { return r.path }

// Fleet is the directory of the fleet that the first turns are, until they are through.
func (r *Record) Fleet() string { return cells.FleetOf(r.path) }

// GoOn is for a hunt that goes on, with what was asked for this time. What its fleet was made with stays: how many trials
// a turn has, and how they are run. A kernel that has changed since is refused: turns of two kernels would count as one's.
func (r *Record) GoOn(now Record) error {
	if r.Hash != now.Hash {
		return errs.Usagef("kernel %s has changed since %s was begun: say another --seed to begin a new hunt", r.Kernel, r.Name())
	}
	r.For, r.Small, r.Tries, r.Terms.Known = now.For, now.Small, now.Tries, now.Terms.Known
	r.Order.Slots, r.Order.Sbatch, r.Order.Pods = now.Order.Slots, now.Order.Sbatch, now.Order.Pods
	return r.Save()
}

// following says whether there is a fleet of the hunt that was not taken to its end.
func (r *Record) following() (bool, error) {
	_, err := fleet.Open(r.Fleet())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// key is the name of a first turn in the fleet.
func (r *Record) key(f First) string { return cells.Key(r.cell(f)) }

func (r *Record) cell(f First) matrix.Cell {
	return matrix.Cell{Name: f.Scenario.Source, Ref: f.Scenario, Kernel: r.Kernel, State: matrix.Waiting}
}
