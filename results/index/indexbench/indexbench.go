// Package indexbench fills an index with made-up runs and asks it what the commands ask, for measurements.
package indexbench

import (
	"context"
	"fmt"
	"time"

	"loopfault/results/index"
	"loopfault/results/kernelreport"
	"loopfault/results/match"
	"loopfault/results/report/fakerun"
	"loopfault/results/store"
)

// Size is how much to make up.
type Size struct{ Runs, Trials, Signatures, Scenarios int }

// Million is a million trials: some years of a nightly run.
var Million = Size{Runs: 2000, Trials: 500, Signatures: 40, Scenarios: 25}

// Fill makes runs up and puts them into the index.
func Fill(ctx context.Context, ix *index.Index, s Size) error {
	spec := fakerun.Spec{Trials: s.Trials, Signatures: s.Signatures}
	trials := fakerun.Trials(spec)
	reports := map[string][]kernelreport.Report{}
	for i := range s.Signatures + 1 {
		r := fakerun.Report(i-1, false)
		reports[r.Signature] = []kernelreport.Report{r}
	}
	var runs []store.Listed
	for i := range s.Runs {
		spec.Started = time.Date(2020, 1, 1, i, 0, 0, 0, time.UTC)
		m := fakerun.Manifest(spec)
		m.Name = fmt.Sprintf("scenario-%d", i%s.Scenarios)
		runs = append(runs, store.Listed{Run: spec.Started.Format("20060102-150405-") + m.Name, Manifest: m, Trials: trials})
	}
	const batch = 100 // in one transaction
	for len(runs) > 0 {
		n := min(batch, len(runs))
		if err := ix.Synthetic(ctx, runs[:n], func(t store.Trial) []kernelreport.Report { return reports[t.Signature] }); err != nil {
			return err
		}
		runs = runs[n:]
	}
	return nil
}

// Query is a query of a command or a page. The length of its answer has to be checked: a query that finds
// nothing is fast.
type Query struct {
	Name, What string
	Ask        func(context.Context, *index.Index) (int, error)
}

// Queries are those that are measured.
func Queries() []Query {
	return []Query{
		{"index_list_ms", "list all runs", func(ctx context.Context, ix *index.Index) (int, error) {
			runs, err := ix.Runs(ctx, index.Filter{})
			return len(runs), err
		}},
		{"index_frame_ms", "search by a frame that one signature has", func(ctx context.Context, ix *index.Index) (int, error) {
			hangs, err := ix.Search(ctx, "nfs4_made_up_7")
			return len(hangs), err
		}},
		{"index_common_frame_ms", "search by a frame that all have", func(ctx context.Context, ix *index.Index) (int, error) {
			hangs, err := ix.Search(ctx, "evict")
			return len(hangs), err
		}},
		{"index_history_ms", "history of one scenario on all kernels", func(ctx context.Context, ix *index.Index) (int, error) {
			points, err := ix.History(ctx, "scenario-3", "")
			return len(points), err
		}},
		{"index_match_ms", "rank all stored stacks by a report, with the sightings of the first", func(ctx context.Context, ix *index.Index) (int, error) {
			stacks, err := ix.Stacks(ctx)
			if err != nil {
				return 0, err
			}
			found := match.RankKnown(fakerun.Report(7, false), stacks)
			seen, err := ix.Sightings(ctx, found[0].IDs)
			return len(seen), err
		}},
	}
}
