// Package cells has an engine run campaigns that are parts of something larger: the cells of a night, the first turns of
// a hunt. Each is a shard of one fleet, with kernels, root images and scenarios beside it; its outcome is given to
// its owner once, whoever was killed meanwhile.
//
// It decides neither what cells there are nor what their results mean.
package cells

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"loopfault/errs"
	"loopfault/harness/fleet"
	"loopfault/harness/matrix"
	"loopfault/harness/scenario"
	"loopfault/results/safefile"
	"loopfault/results/store"
)

// Names in the directory of a fleet of cells.
const (
	planFile    = "cells.json" // what each shard is
	bundlesDir  = "bundles"    // kernels and root images, one for each root image: bundles/1
	scenarioDir = "scenarios"  // files of scenarios, which other hosts need not have
)

// maxPlan bounds cells.json, in bytes.
const maxPlan = 16 << 20

// format is the version of cells.json that this code writes and reads.
const format = 1

// Plan is cells.json: the cells that an engine runs, shard 1 first.
type Plan struct {
	Format  int      `json:"format"`
	Record  string   `json:"record"`  // of what they are parts of
	Command []string `json:"command"` // as it was typed, for the manifests of the runs
	store.Terms
	Cells []Job `json:"cells"`
}

// Job is a cell with what a host needs to run it.
type Job struct {
	matrix.Cell
	Built string `json:"built"`         // what its kernel is called in the bundle
	File  string `json:"scenario_file"` // below scenarioDir
	// Bundle is the number of its bundle.
	Bundle int     `json:"bundle"`
	Seed   *uint64 `json:"cell_seed,omitempty"` // of its campaign, if it is not the plan's
}

var (
	scenarioForm = regexp.MustCompile(`^[0-9]{4}\.yaml$`)
	recordForm   = regexp.MustCompile(`^(nightly|hunt)-[a-z0-9_-]+\.json$`)
)

// Key is a cell's name, the same whenever it runs.
func Key(c matrix.Cell) string { return c.Ref.String() + " on " + c.Kernel }

// FleetOf is the directory of the fleet of a record's cells, beside the record: hidden, since it is no run.
func FleetOf(record string) string {
	dir, name := filepath.Split(record)
	return filepath.Join(dir, "."+strings.TrimSuffix(name, filepath.Ext(name))+".fleet")
}

// Part names a cell's campaign as part of something that has a record: who goes on with that finds it by that.
func Part(record, key string) string { return record + "/" + key }

// ref is the scenario as the host of a shard finds it.
func (j Job) ref(dir string) scenario.Ref {
	return scenario.Ref{Source: filepath.Join(dir, scenarioDir, j.File), Choices: j.Ref.Choices}
}

// write leaves the plan in the directory of a fleet.
func (p Plan) write(dir string) error {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	return safefile.WriteIn(dir, planFile, append(text, '\n'), 0o644)
}

// ReadPlan reads what the shards of a fleet are, and makes sure that the fleet is of these: it may have come from
// elsewhere.
func ReadPlan(f *fleet.Fleet) (Plan, error) {
	path := filepath.Join(f.Dir, planFile)
	text, err := safefile.ReadIn(f.Dir, planFile, maxPlan)
	if err != nil {
		return Plan{}, errs.ByUser(err)
	}
	var p Plan
	if err := json.Unmarshal(text, &p); err != nil {
		return p, errs.Usagef("%s is damaged: %w", path, err)
	}
	if p.Format != format {
		return p, errs.Usagef("%s is of format %d, this loopfault reads %d", path, p.Format, format)
	}
	if why := p.check(f); why != "" {
		return p, errs.Usagef("%s is damaged: %s", path, why)
	}
	return p, nil
}

// check says what cannot be, "" if nothing.
func (p Plan) check(f *fleet.Fleet) string {
	switch {
	case !recordForm.MatchString(p.Record):
		return fmt.Sprintf("its record %.60q is none of a night or a hunt", p.Record)
	case p.Trials < 1 || p.Seed != f.Seed:
		return "its trials or its seed are not those of the fleet"
	case len(p.Cells) != len(f.Cells):
		return fmt.Sprintf("it has %d cells, and the fleet has %d", len(p.Cells), len(f.Cells))
	}
	for i, j := range p.Cells {
		at := fmt.Sprintf("cell %d ", i+1)
		switch {
		case Part(p.Record, Key(j.Cell)) != f.Cells[i].Part:
			return at + fmt.Sprintf("is %.200q, and that of the fleet is %.200q", Key(j.Cell), f.Cells[i].What)
		case j.State != matrix.Waiting || j.Row != nil:
			return at + "is not one that waits"
		case !scenarioForm.MatchString(j.File):
			return at + fmt.Sprintf("names %.60q, which is no scenario of the fleet", j.File)
		case j.Bundle < 1:
			return at + "names no bundle"
		case j.Kernel == "" || j.Built == "" || strings.ContainsRune(j.Built, 0):
			return at + "names no kernel"
		}
	}
	return ""
}

// bundleDir is where a bundle lies.
func bundleDir(dir string, n int) string { return filepath.Join(dir, bundlesDir, fmt.Sprint(n)) }
