package merge

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"loopfault/errs"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

const verdictFile = "verdict.json"

// maxVerdict bounds a verdict, in bytes; the largest known ones have some 10 KiB.
const maxVerdict = 16 << 20

// againDir is where a trial that ran twice has what does not count.
const againDir = "again"

// entry is a trial of one shard.
type entry struct {
	n     int
	shard *shard
}

// merge copies the trials, and sums them up in the order of the plan. Of all that is read
// only a few numbers of each trial stay in memory.
func (m *merger) merge(ctx context.Context, out *Outcome) (*summary.Sum, error) {
	entries := m.entries()
	hosts := newHosts(m.shards)
	// The summary needs to know that the run is merged, and only then says of which shards and hosts.
	sum := summary.NewSum(m.manifest(nil))
	step := m.report.Begin("merge", fmt.Sprintf("merging %d trials of %d runs", len(entries), len(m.shards)), slow)
	defer step.End()

	var waiting []*job // those not yet summed up, in order
	workers, inner := errgroup.WithContext(ctx)
	workers.SetLimit(max(2, runtime.NumCPU()))
	done := int64(0)
	for rest := entries; len(rest) > 0 && inner.Err() == nil; {
		n := 1
		for n < len(rest) && rest[n].n == rest[0].n {
			n++
		}
		j := &job{merger: m, hosts: hosts, entries: rest[:n], ready: make(chan struct{})}
		rest = rest[n:]
		waiting = append(waiting, j)
		workers.Go(func() error { // blocks while all workers are busy
			defer close(j.ready)
			if inner.Err() != nil {
				return context.Cause(inner)
			}
			return j.run()
		})
		done += int64(n)
		waiting = count(waiting, sum, mostWaiting)
		step.Advance(done, int64(len(entries)))
	}
	if err := workers.Wait(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	count(waiting, sum, 0)
	if err := m.keepRecords(); err != nil {
		return nil, err
	}
	out.Manifest = m.manifest(hosts.list())
	out.Summary = sum.SummaryOf(out.Manifest)
	return sum, nil
}

// mostWaiting is how many trials are kept in memory while an earlier one, with a memory
// dump, say, is copied.
const mostWaiting = 1000

// count sums up what is ready, in order, and waits until no more than so many are not.
func count(jobs []*job, sum *summary.Sum, most int) []*job {
	for len(jobs) > 0 {
		if len(jobs) <= most {
			select {
			case <-jobs[0].ready:
			default:
				return jobs
			}
		}
		<-jobs[0].ready
		if j := jobs[0]; j.trial != nil {
			sum.Add(*j.trial)
			j.chosen.took(j)
			for _, s := range j.others {
				s.took(j)
				s.twice++
			}
		}
		jobs = jobs[1:]
	}
	return jobs
}

// took counts a trial of the shard. One of a control that ran again is none that it had to
// run.
func (s *shard) took(j *job) {
	if !j.book.IsAgain(s.manifest.Shard, j.trial.N) {
		s.complete++
	}
}

// entries are the trials of all shards by number; those of one number in the order in which
// their runs began.
func (m *merger) entries() (list []entry) {
	for _, s := range m.shards {
		for _, n := range s.trials {
			list = append(list, entry{n, s})
		}
	}
	slices.SortStableFunc(list, func(a, b entry) int { return cmp.Compare(a.n, b.n) })
	return list
}

// job is one trial of the plan, which more than one run may have.
type job struct {
	*merger
	hosts   *hosts
	entries []entry
	ready   chan struct{}

	trial  *store.Trial // that counts
	chosen *shard
	others []*shard // that have it, too
}

// copyOf is one run's verdict of a trial.
type copyOf struct {
	*shard
	trial   store.Trial
	text    []byte // as it was read
	renamed bool   // its host is
}

func (j *job) run() error {
	n := j.entries[0].n
	var copies []copyOf
	for _, e := range j.entries {
		c, err := j.read(e)
		if err != nil {
			return errs.ByUser(err)
		}
		if !slices.ContainsFunc(copies, func(o copyOf) bool { return bytes.Equal(o.text, c.text) }) { // else a copy of the same run
			copies = append(copies, c)
		}
	}
	// Of the run that began first, and not that which ended first: a trial that hangs takes
	// longer, and would lose each time against one that did not.
	at := max(slices.IndexFunc(copies, func(c copyOf) bool { return c.trial.Verdict.Kind != verdict.Error }), 0)
	to, err := makeDir(j.stage.Root, store.TrialFile(n, ""))
	if err != nil {
		return err
	}
	defer to.Close()
	for i, c := range copies {
		if i == at {
			j.trial, j.chosen = &c.trial, c.shard
			err = j.copy(c, to)
		} else {
			j.others = append(j.others, c.shard)
			err = j.keep(c, to, i)
		}
		if err != nil {
			return err
		}
	}
	j.hosts.count(j.trial.Host)
	return nil
}

// read reads a verdict, and makes sure that it is one of the shard's part of the plan.
func (j *job) read(e entry) (copyOf, error) {
	c := copyOf{shard: e.shard}
	name := store.TrialFile(e.n, verdictFile)
	var err error
	if c.text, err = readFile(c.root, c.dir, name, maxVerdict); err != nil {
		return c, err
	}
	where := filepath.Join(c.dir, name)
	if err := json.Unmarshal(c.text, &c.trial); err != nil {
		return c, fmt.Errorf("%s is damaged (%w): go on with that shard, which runs the trial again, or remove the trial's directory", where, err)
	}
	planned, ok := j.book.Find(c.manifest.Shard, e.n)
	if c.manifest.TrialSeed != nil {
		planned.Seed = *c.manifest.TrialSeed
	}
	if !ok || c.trial.Planned != planned {
		return c, fmt.Errorf("%s is of arm %.20q and seed %d, which %s has no trial %d of in its plan", where, c.trial.Arm, c.trial.Seed, c.manifest.Shard, e.n)
	}
	if label := j.hosts.label(c.shard, c.trial.Host); label != c.trial.Host {
		c.trial.Host, c.renamed = label, true
	}
	return c, nil
}

// copy copies a trial's files. Its verdict is written last, and says the host by the name
// that it has in the merged run.
func (j *job) copy(c copyOf, to *os.Root) error {
	from, err := c.root.OpenRoot(store.TrialFile(c.trial.N, ""))
	if err != nil {
		return errs.ByUser(named(c.dir, err))
	}
	defer from.Close()
	if err := copyTree(from, to, filepath.Join(c.dir, store.TrialFile(c.trial.N, "")), 1, verdictFile); err != nil {
		return err
	}
	text := c.text
	if c.renamed {
		if text, err = json.MarshalIndent(c.trial, "", "  "); err != nil {
			return err
		}
		text = append(text, '\n')
	}
	return to.WriteFile(verdictFile, text, 0o644)
}

// keep copies a trial that does not count beside the one that does.
func (j *job) keep(c copyOf, to *os.Root, i int) error {
	dir := filepath.Join(againDir, fmt.Sprint(i+1))
	if err := to.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	beside, err := to.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer beside.Close()
	return j.copy(c, beside)
}
