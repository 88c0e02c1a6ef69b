package matrix

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// Row is what a cell came to.
type Row struct {
	Run          string               `json:"run"` // in the results directory
	Trials       int                  `json:"trials"`
	Exercised    int                  `json:"exercised"`
	Landed       int                  `json:"landed"`
	Calls        int64                `json:"calls"`
	Faults       int64                `json:"faults"`
	Verdicts     map[verdict.Kind]int `json:"verdicts"`
	Control      map[verdict.Kind]int `json:"control_verdicts,omitempty"`
	GuestSeconds float64              `json:"guest_seconds"` // of load in a trial, mean
	Titles       []string             `json:"titles,omitempty"`
	Judged       summary.Judgement    `json:"judged"`
}

// RowOf reads a cell's row off its campaign.
func RowOf(run string, s summary.Summary) Row {
	row := Row{Run: run, Judged: summary.Judge(s)}
	for _, a := range s.Arms {
		if a.Control {
			row.Control = a.Verdicts
			continue
		}
		row.Trials, row.Exercised, row.Landed = a.Trials, a.Exercised, a.Landed
		row.Calls, row.Faults, row.Verdicts = a.Calls, a.Hits, a.Verdicts
		for _, sig := range a.Signatures {
			row.Titles = append(row.Titles, fmt.Sprintf("%d × %s", sig.Count, sig.Title))
		}
		if n := a.Counted(); n > 0 {
			row.GuestSeconds = a.Hours * 3600 / float64(n)
		}
	}
	return row
}

// Record is a matrix on disk: it is written anew after every cell, so that an
// interrupted one can go on.
type Record struct {
	Format  int       `json:"format"`
	Started time.Time `json:"started"`
	Request Request   `json:"request"`
	Cells   []Cell    `json:"cells"`
	path    string
}

// recordFormat is the version of the file that this code writes and reads.
const recordFormat = 1

const (
	recordPrefix = "matrix-"
	recordSuffix = ".json"
	// Latest names the newest matrix of a results directory.
	Latest = "latest"
)

// NewRecord lays out a request and writes its record into the results directory.
func NewRecord(results string, r Request, now time.Time) (*Record, error) {
	cells, err := r.Cells()
	if err != nil {
		return nil, err
	}
	rec := &Record{Format: recordFormat, Started: now.UTC(), Request: r, Cells: cells}
	if rec.path, err = reserve(results, now); err != nil {
		return nil, err
	}
	return rec, rec.Save()
}

// reserve makes a file nobody else has, named so that names sort by time: two
// matrices may start in one second.
func reserve(results string, at time.Time) (string, error) {
	base := filepath.Join(results, recordPrefix+at.UTC().Format("20060102-150405"))
	for i := 1; ; i++ {
		path := base + recordSuffix
		if i > 1 {
			path = fmt.Sprintf("%s_%d%s", base, i, recordSuffix) // _ sorts after .
		}
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err == nil {
			return path, f.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
}

// OpenRecord reads the record of that name, or the latest one.
func OpenRecord(results, name string) (*Record, error) {
	path := name
	if name == Latest {
		found, err := filepath.Glob(filepath.Join(results, recordPrefix+"*"+recordSuffix))
		if err != nil || len(found) == 0 {
			return nil, fmt.Errorf("no matrix in %s", results)
		}
		path = slices.Max(found)
	} else if !strings.ContainsRune(name, '/') {
		path = filepath.Join(results, name)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no matrix %s", path)
	}
	if err != nil {
		return nil, err
	}
	rec := &Record{path: path}
	if err := json.Unmarshal(text, rec); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if rec.Format != recordFormat {
		return nil, fmt.Errorf("%s: format %d, this program reads %d", path, rec.Format, recordFormat)
	}
	return rec, rec.Request.Check()
}

// Save writes the record.
func (r *Record) Save() error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return renameio.WriteFile(r.path, append(text, '\n'), 0o644)
}

// Name is what OpenRecord takes.
func (r *Record) Name() string { return filepath.Base(r.path) }
