package index

import (
	"context"

	"loopfault/results/kernelreport"
	"loopfault/results/match"
)

// Like ranks all stored hangs by each of the given ones; for each it returns the limit most
// similar ones.
func (ix *Index) Like(ctx context.Context, hangs []kernelreport.Report, limit int) (out match.Answer, err error) {
	if out.Runs, _, out.Compared, err = ix.Size(ctx); err != nil {
		return out, err
	}
	stacks, err := ix.Stacks(ctx)
	if err != nil {
		return out, err
	}
	for _, r := range hangs {
		m := match.Like{Title: r.Title, Signature: r.Signature, Matches: []match.Match{}}
		found := match.RankKnown(r, stacks)
		for _, f := range found[:min(len(found), limit)] {
			if f.Sightings, err = ix.Sightings(ctx, f.IDs); err != nil {
				return out, err
			}
			m.Matches = append(m.Matches, f.Match)
		}
		out.Hangs = append(out.Hangs, m)
	}
	return out, nil
}
