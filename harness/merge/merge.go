// Package merge makes one run out of the runs of a campaign's shards. It finds
// them in whatever tree or archive they came in, checks that they are parts of one
// campaign, and takes each trial of the plan once.
//
// It runs nothing, and does not trust what it reads: shards come from other
// machines.
package merge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"loopfault/errs"
	"loopfault/harness/plan"
	"loopfault/results/safefile"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/vmimages/progress"
)

// Request says what is merged.
type Request struct {
	From    []string // runs, trees with runs in them, and archives of such (tar, also compressed)
	Results string   // directory that the merged run goes into
	Report  progress.Func
}

// Outcome is a merged run.
type Outcome struct {
	Run      *store.Run
	Manifest store.Manifest
	Summary  summary.Summary
	Reached  string // what the campaign was to run until, if its trials came to that
	PassedBy int    // runs among what was read that are no shards
}

// Complete says whether every shard is there and had nothing left to do, or the campaign has come to what it was to run
// until.
func (o Outcome) Complete() bool {
	m := o.Manifest.Merged
	return o.Reached != "" || len(m.Missing()) == 0 && len(m.Unfinished()) == 0
}

// Run merges. What is wrong with the shards is the user's error, and then nothing is
// left behind.
func Run(ctx context.Context, r Request) (out Outcome, err error) {
	st, err := store.Open(r.Results)
	if err != nil {
		return out, errs.ByUser(err)
	}
	stage, err := st.Stage()
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, stage.Discard()) }()
	found, err := find(ctx, r.From, stage)
	if err != nil {
		return out, errs.ByUser(err)
	}
	defer found.close()
	out.PassedBy = found.passedBy
	m := &merger{stage: stage, shards: found.shards, report: r.Report, book: plan.Of(found.shards[0].manifest).Book()}
	if err := m.check(); err != nil {
		return out, errs.ByUser(err)
	}
	sum, err := m.merge(ctx, &out)
	if err != nil {
		return out, err
	}
	if sum.Reached() {
		out.Reached = out.Manifest.Until
	}
	text, err := m.scenario()
	if err != nil {
		return out, errs.ByUser(err)
	}
	if err := stage.Root.RemoveAll(archives); err != nil {
		return out, err
	}
	out.Run, err = stage.Publish(out.Manifest, out.Summary, store.File{Name: "scenario.yaml", Text: text})
	if err == nil {
		out.Manifest.Run = out.Run.Name
	}
	return out, err
}

type merger struct {
	stage  *store.Stage
	shards []*shard // by number, the one that began first before others of its number
	book   *plan.Book
	report progress.Func
}

// shard is a run that is merged.
type shard struct {
	dir      string   // for messages
	path     string   // where it is, of one from an archive in the stage
	root     *os.Root // of the run
	manifest store.Manifest
	ended    string // see store.ShardRun
	trials   []int  // numbers of those that have a verdict
	release  func() error
	complete int // trials of its part of the plan
	twice    int // see store.ShardRun
}

func (s *shard) close() {
	s.root.Close()
	if s.release != nil {
		_ = s.release()
	}
}

// check reads which trials the shards have, after making sure that all are parts of
// one campaign.
func (m *merger) check() error {
	slices.SortStableFunc(m.shards, func(a, b *shard) int {
		return cmp.Or(cmp.Compare(a.manifest.Shard.Number, b.manifest.Shard.Number), a.manifest.Started.Compare(b.manifest.Started), cmp.Compare(a.manifest.Run, b.manifest.Run))
	})
	for _, s := range m.shards {
		if other := differs(m.shards[0].manifest, s.manifest); other != "" {
			return fmt.Errorf("%s is no shard of the campaign that %s is one of: %s", s.dir, m.shards[0].dir, other)
		}
		if s.manifest.Trials == 0 {
			return fmt.Errorf("%s: a plan without an end has no shards", s.dir)
		}
	}
	for _, s := range m.shards {
		if err := s.list(); err != nil {
			return err
		}
	}
	return nil
}

// scenario is the text that the first shard was made from; all have the same scenario.
func (m *merger) scenario() ([]byte, error) {
	return readFile(m.shards[0].root, m.shards[0].dir, "scenario.yaml", safefile.MaxConfig)
}

// manifest is that of the merged run.
func (m *merger) manifest(hosts []store.MergedHost) store.Manifest {
	merged := m.shards[0].manifest
	merged.Merged = &store.Merged{Of: merged.Shard.Of, Hosts: hosts}
	merged.Command = withoutShard(merged.Command)
	merged.Cut(store.Shard{})
	merged.Part = ""
	for _, s := range m.shards {
		if s.manifest.Started.Before(merged.Started) {
			merged.Started = s.manifest.Started
		}
		merged.Merged.Shards = append(merged.Merged.Shards, store.ShardRun{
			Shard: s.manifest.Shard, Run: store.RunName(s.manifest.Run), Planned: m.book.Count(s.manifest.Shard),
			Trials: s.complete, Twice: s.twice, Ended: s.ended,
		})
	}
	return merged
}

// keepRecords copies what only the shards themselves say: when they worked, and how they
// were asked for.
func (m *merger) keepRecords() error {
	for i, s := range m.shards {
		dir := filepath.Join("shards", fmt.Sprintf("%04d", s.manifest.Shard.Number))
		if i > 0 && m.shards[i-1].manifest.Shard == s.manifest.Shard {
			dir += fmt.Sprintf(".%d", i+1)
		}
		if err := m.stage.Root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		for _, name := range []string{"manifest.json", "journal.jsonl"} {
			text, err := readFile(s.root, s.dir, name, maxRecord)
			if errors.Is(err, os.ErrNotExist) {
				continue // its process was killed before it began
			}
			if err != nil {
				return errs.ByUser(err)
			}
			if err := m.stage.Root.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// slow is how long merging takes before it is worth an estimate.
const slow = 10 * time.Second
