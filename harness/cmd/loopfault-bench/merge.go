package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"loopfault/harness/merge"
	"loopfault/harness/merge/fakeshards"
)

// Shards of the merge figures, and trials of each arm in one; with controls they are some 100 a shard.
const (
	benchShards = 1000
	benchRounds = 45
)

// merging is what a process prints that only merged.
type merging struct {
	Seconds float64 `json:"seconds"`
	MiB     float64 `json:"mib"` // of memory, at its highest
	Trials  int     `json:"trials"`
}

// mergeFigures measures once how long it takes to merge a thousand shards, and in how much memory. The shards are made
// up, with files as small as their trials leave them at least, and go when it is over.
func (b *bench) mergeFigures(ctx context.Context) ([]figure, error) {
	if err := os.MkdirAll(b.Results, 0o755); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(b.Results, "bench-merge-") // on the disk where merging happens
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	spec := fakeshards.Spec{Trials: benchShards * benchRounds, Of: benchShards, Seed: 1, Hosts: 50}
	step := b.Report.Begin("bench", fmt.Sprintf("making up %d shards", benchShards), time.Minute)
	for n := 1; n <= benchShards && ctx.Err() == nil; n++ {
		if _, err := spec.Shard(filepath.Join(dir, fmt.Sprint(n)), n, -1); err != nil {
			return nil, err
		}
		step.Advance(int64(n), benchShards)
	}
	step.End()
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	step = b.Report.Begin("bench", "merging them", time.Minute)
	out, err := exec.CommandContext(ctx, self, "--merged", dir, "--into", filepath.Join(dir, "merged")).Output()
	step.End()
	if err != nil {
		return nil, fmt.Errorf("merging: %w", err)
	}
	var m merging
	if err := json.Unmarshal(out, &m); err != nil {
		return nil, err
	}
	return []figure{
		{"merge_s", fmt.Sprintf("%d shards of %d trials merged, s", benchShards, m.Trials/benchShards), m.Seconds},
		{"merge_mib", "of memory at its highest, MiB", m.MiB},
	}, nil
}

// mergeAlone merges, and prints how long that took.
func mergeAlone(ctx context.Context, from, results string) error {
	began := time.Now()
	out, err := merge.Run(ctx, merge.Request{From: []string{from}, Results: results})
	if err != nil {
		return err
	}
	m := merging{Seconds: time.Since(began).Seconds()}
	for _, a := range out.Summary.Arms {
		m.Trials += a.Trials
	}
	if !out.Complete() {
		return fmt.Errorf("the merged run is not complete")
	}
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return err
	}
	m.MiB = float64(used.Maxrss) / 1024
	return json.NewEncoder(os.Stdout).Encode(m)
}
