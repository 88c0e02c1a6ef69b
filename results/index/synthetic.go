package index

import (
	"context"
	"database/sql"
	"fmt"

	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// Synthetic puts runs into the index that have no trees: for measurements of large stores. Update would drop them.
func (ix *Index) Synthetic(ctx context.Context, runs []store.Listed, hangs func(store.Trial) []kernelreport.Report) error {
	return ix.change(ctx, func(tx *sql.Tx) error {
		w, err := newWriter(ctx, tx)
		if err != nil {
			return err
		}
		for _, r := range runs {
			r.Manifest.Format = store.Format
			id, err := putRun(ctx, tx, r, "synthetic")
			if err != nil {
				return err
			}
			for _, t := range r.Trials {
				put := trial{n: t.N, stamp: fmt.Sprint(t.N), stored: t}
				if t.Verdict.Kind == verdict.Hang {
					put.hangs = hangs(t)
				}
				if err := w.put(id, put); err != nil {
					return err
				}
			}
			if err := sumUp(ctx, tx, id, r); err != nil {
				return err
			}
		}
		return nil
	})
}
