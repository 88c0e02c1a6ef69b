package nightly

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

// Names in the directory of a night's fleet.
const (
	cellsFile   = "cells.json" // what each shard is
	bundlesDir  = "bundles"    // kernels and root images, one for each root image: bundles/1
	scenarioDir = "scenarios"  // files of scenarios, which other hosts need not have
)

// maxCells bounds cells.json, in bytes.
const maxCells = 16 << 20

// Plan is cells.json: the cells of a night that an engine runs, shard 1 first.
type Plan struct {
	Format  int      `json:"format"`
	Record  string   `json:"record"`  // of the night
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
	Bundle int `json:"bundle"`
}

var (
	scenarioForm = regexp.MustCompile(`^[0-9]{4}\.yaml$`)
	recordForm   = regexp.MustCompile(`^` + kind + `[a-z0-9_-]+\.json$`)
)

// part names a cell's campaign as part of a night: a night that goes on finds it by that.
func part(record, key string) string { return record + "/" + key }

func (j Job) key() string { return Cell{Cell: j.Cell}.Key() }

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
	return safefile.WriteIn(dir, cellsFile, append(text, '\n'), 0o644)
}

// ReadPlan reads what the shards of a fleet are, and makes sure that the fleet is of these: it may have come from
// elsewhere.
func ReadPlan(f *fleet.Fleet) (Plan, error) {
	path := filepath.Join(f.Dir, cellsFile)
	text, err := safefile.ReadIn(f.Dir, cellsFile, maxCells)
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
		return fmt.Sprintf("its record %.60q is none of a night", p.Record)
	case p.Trials < 1 || p.Seed != f.Seed:
		return "its trials or its seed are not those of the fleet"
	case len(p.Cells) != len(f.Cells):
		return fmt.Sprintf("it has %d cells, and the fleet has %d", len(p.Cells), len(f.Cells))
	}
	for i, j := range p.Cells {
		at := fmt.Sprintf("cell %d ", i+1)
		switch {
		case part(p.Record, j.key()) != f.Cells[i].Part:
			return at + fmt.Sprintf("is %.200q, and that of the fleet is %.200q", j.key(), f.Cells[i].What)
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
