package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"loopfault/errs"
	"loopfault/results/safefile"
	"loopfault/results/store"
)

// Files that a shard leaves in its results directory, beside its run.
const (
	shardLock = "shard.lock" // held while a process works on the shard
	endFile   = "end.json"   // why the last process left
)

// end is end.json. A process that was killed leaves none.
type end struct {
	Code int       `json:"exit_code"`
	Why  string    `json:"why,omitempty"`
	Host string    `json:"host"`
	At   time.Time `json:"at"`
}

// RunShard works on a shard by run, which gets its results directory and returns an exit code, unless the fleet was
// stopped. Two processes never work on one shard. It returns 0 for every result, since to an engine anything else is a
// failure of the job.
func (f *Fleet) RunShard(ctx context.Context, n int, run func(results string) (code int, err error)) (int, error) {
	if n < 1 || n > f.Shards {
		return 0, errs.Usagef("there is no shard %d: %s has 1 to %d", n, f.Dir, f.Shards)
	}
	if on, err := f.begins(n); err != nil || !on {
		return 0, err
	}
	results := f.Results(n)
	if err := os.MkdirAll(results, 0o755); err != nil {
		return 0, err
	}
	lock, err := f.hold(filepath.Join(shardDir(n), shardLock))
	if errors.Is(err, errHeld) {
		return 0, errs.Infraf("another process works on shard %d of %s", n, f.Dir)
	}
	if err != nil {
		return 0, err
	}
	defer lock.Close()
	if err := f.forget(n); err != nil {
		return 0, err
	}
	code, rerr := run(results)
	why := ""
	switch {
	case ctx.Err() != nil:
		why = "interrupted"
	case rerr != nil:
		why = errs.Lines(rerr)
	}
	if err := f.ended(n, code, why); err != nil {
		return code, errors.Join(rerr, err)
	}
	if isResult(code) {
		code = 0
	}
	return code, rerr
}

// begins says whether there is something to do for whoever is started for a shard.
func (f *Fleet) begins(n int) (bool, error) {
	stop, err := f.Stop()
	if err != nil || stop != nil && stop.After.IsZero() {
		return false, err
	}
	if f.Cells == nil {
		return true, nil
	}
	p, err := f.readCell(n)
	return err == nil && !p.over && (p.begun || !stop.late()), err
}

// isResult says whether an exit code is a campaign's result: clean, found, inconclusive.
func isResult(code int) bool { return code >= 0 && code <= 2 }

// ended leaves word why a shard ended.
func (f *Fleet) ended(n, code int, why string) error {
	host, _ := os.Hostname()
	return f.put(filepath.Join(shardDir(n), endFile), end{code, why, host, time.Now().UTC()})
}

// forget takes that word back: the shard is begun again.
func (f *Fleet) forget(n int) error {
	return safefile.RemoveIn(f.Dir, filepath.Join(shardDir(n), endFile))
}

// end is why the last process left a shard, nil if it was killed or none was there.
func (f *Fleet) end(n int) (*end, error) {
	var e end
	if found, err := f.get(filepath.Join(shardDir(n), endFile), &e); err != nil || !found {
		return nil, err
	}
	return &e, nil
}

func (e *end) String() string {
	if e == nil {
		return ""
	}
	if e.Why == "" {
		return fmt.Sprintf("exit code %d on %s", e.Code, e.Host)
	}
	return fmt.Sprintf("exit code %d on %s: %s", e.Code, e.Host, e.Why)
}

// part is what a shard's run shows.
type part struct {
	number   int
	manifest store.Manifest
	trials   []store.Trial
	begun    bool
	over     bool // nothing is left to do
}

// read reads the run of a shard. One of a campaign that is not the fleet's is none.
func (f *Fleet) read(n int) (part, error) {
	if f.Cells != nil {
		return f.readCell(n)
	}
	p := part{number: n}
	if !safefile.IsDir(f.Results(n)) {
		return p, nil
	}
	st, err := store.Find(f.Results(n))
	if err != nil {
		return p, err
	}
	stored, found, err := st.Newest(func(m store.Manifest) bool { return m.Shard == f.Shard(n) && m.Seed == f.Seed })
	if err != nil || !found {
		return p, err
	}
	p.manifest, p.trials, p.begun = stored.Manifest, stored.Trials, true
	why, err := stored.Ended()
	p.over = why == store.Done
	return p, err
}
