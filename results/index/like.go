package index

import (
	"context"
	"database/sql"
	"encoding/json"

	"loopfault/results/kernelreport"
	"loopfault/results/match"
	"loopfault/results/verdict"
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
			if f.Runs, err = ix.counts(ctx, f.IDs); err != nil {
				return out, err
			}
			m.Matches = append(m.Matches, f.Match)
		}
		out.Hangs = append(out.Hangs, m)
	}
	return out, nil
}

// counts says of each run in which some stacks were seen how many of its trials they were seen in, and how many others hung.
func (ix *Index) counts(ctx context.Context, stacks []int64) ([]match.RunCount, error) {
	ids, err := json.Marshal(stacks)
	if err != nil {
		return nil, err
	}
	rows, err := ix.db.QueryContext(ctx, `WITH alike AS (SELECT DISTINCT run, n FROM sightings WHERE stack IN (SELECT value FROM json_each(?1)))
		SELECT r.name, COUNT(a.n), COUNT(*) FILTER (WHERE t.verdict = ?2 AND a.n IS NULL), COUNT(*)
		FROM trials t JOIN runs r ON r.id = t.run LEFT JOIN alike a ON a.run = t.run AND a.n = t.n
		WHERE t.run IN (SELECT run FROM alike) GROUP BY t.run ORDER BY r.name`, string(ids), string(verdict.Hang))
	if err != nil {
		return nil, err
	}
	return collect(rows, func(rows *sql.Rows, c *match.RunCount) error {
		return rows.Scan(&c.Run, &c.Alike, &c.Elsewhere, &c.Trials)
	})
}
