package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"loopfault/results/index"
	"loopfault/results/index/indexbench"
	"loopfault/results/stats"
)

// indexFigures measures how long questions to an index of a million trials take: n times each, the median counts. The
// trials are made up, and go when it is over.
func (b *bench) indexFigures(ctx context.Context, n int) ([]figure, error) {
	dir, err := os.MkdirTemp("", "loopfault-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ix, err := index.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer ix.Close()
	step := b.Report.Begin("bench", "making up an index of a million trials", time.Minute)
	err = indexbench.Fill(ctx, ix, indexbench.Million)
	step.End()
	if err != nil {
		return nil, err
	}
	var figures []figure
	for _, q := range indexbench.Queries() {
		var ms []float64
		err := b.measured("times: "+q.What, n, func() error {
			began := time.Now()
			found, err := q.Ask(ctx, ix)
			ms = append(ms, time.Since(began).Seconds()*1000)
			if err == nil && found == 0 {
				err = fmt.Errorf("%s: nothing was found", q.What)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		figures = append(figures, figure{q.Name, "index of 1 M trials: " + q.What + ", ms", stats.Median(ms)})
	}
	return figures, nil
}
