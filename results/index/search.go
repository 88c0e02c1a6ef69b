package index

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"

	"loopfault/results/kernelreport"
	"loopfault/results/match"
)

// Hang is a signature in answers to a search.
type Hang struct {
	Signature string `json:"signature"`
	Title     string `json:"title"`
	Stacks    int    `json:"stacks"`    // different ones
	Sightings int    `json:"sightings"` // by all detectors
	Run       string `json:"run"`       // the last one read that has it
}

// mostHangs is how many signatures a search gives at most.
const mostHangs = 100

// Search finds hangs by a function on the victim's stack, or by a part of the signature or the title; those with the
// function come first.
func (ix *Index) Search(ctx context.Context, text string) ([]Hang, error) {
	text = strings.TrimSuffix(strings.TrimSpace(text), "()")
	hangs, err := ix.hangs(ctx, "SELECT stack FROM frames WHERE func = ?", kernelreport.BareName(text))
	if err != nil || len(hangs) > 0 {
		return hangs, err
	}
	return ix.hangs(ctx, "SELECT id FROM stacks WHERE instr(signature, ?1) > 0 OR instr(title, ?1) > 0", text)
}

// hangs groups the stacks that a query chooses by their signature.
func (ix *Index) hangs(ctx context.Context, stacks, arg string) ([]Hang, error) {
	rows, err := ix.db.QueryContext(ctx, `WITH hung AS (
			SELECT signature, MIN(title) AS title, COUNT(*) AS stacks, SUM(seen) AS n, MAX((SELECT MAX(run) FROM sightings WHERE stack = stacks.id)) AS run
			FROM stacks WHERE seen > 0 AND id IN (`+stacks+`) GROUP BY signature)
		SELECT h.signature, h.title, h.stacks, h.n, r.name FROM hung h JOIN runs r ON r.id = h.run ORDER BY h.n DESC, h.signature LIMIT ?2`, arg, mostHangs)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(rows *sql.Rows, h *Hang) error {
		return rows.Scan(&h.Signature, &h.Title, &h.Stacks, &h.Sightings, &h.Run)
	})
}

// Stacks are all reports of hangs, each stack once.
func (ix *Index) Stacks(ctx context.Context) ([]match.Known, error) {
	rows, err := ix.db.QueryContext(ctx, "SELECT id, report FROM stacks ORDER BY id")
	if err != nil {
		return nil, err
	}
	return collect(rows, func(rows *sql.Rows, k *match.Known) error {
		var text []byte
		if err := rows.Scan(&k.ID, &text); err != nil {
			return err
		}
		return json.Unmarshal(text, &k.Report)
	})
}

// Sightings are where some stacks were seen, each trial once, in the order of runs and trials.
func (ix *Index) Sightings(ctx context.Context, stacks []int64) ([]match.Sighting, error) {
	ids, err := json.Marshal(stacks)
	if err != nil {
		return nil, err
	}
	rows, err := ix.db.QueryContext(ctx, `SELECT r.name, s.n, t.arm, MIN(s.detector) FROM sightings s JOIN runs r ON r.id = s.run JOIN trials t ON t.run = s.run AND t.n = s.n
		WHERE s.stack IN (SELECT value FROM json_each(?)) GROUP BY s.run, s.n ORDER BY r.name, s.n`, string(ids))
	if err != nil {
		return nil, err
	}
	return collect(rows, func(rows *sql.Rows, s *match.Sighting) error {
		return rows.Scan(&s.Run, &s.Trial, &s.Arm, &s.Detector)
	})
}

// Size is how much the index holds.
func (ix *Index) Size(ctx context.Context) (runs, trials, sightings int, err error) {
	err = ix.db.QueryRowContext(ctx, "SELECT (SELECT COUNT(*) FROM runs), (SELECT COUNT(*) FROM trials), (SELECT COALESCE(SUM(seen), 0) FROM stacks)").Scan(&runs, &trials, &sightings)
	return runs, trials, sightings, err
}

// Signature is the title of a signature and the stacks that have it.
func (ix *Index) Signature(ctx context.Context, signature string) (title string, stacks []int64, err error) {
	rows, err := ix.db.QueryContext(ctx, "SELECT id, title FROM stacks WHERE signature = ? AND seen > 0 ORDER BY id", signature)
	if err != nil {
		return "", nil, err
	}
	stacks, err = collect(rows, func(rows *sql.Rows, id *int64) error { return rows.Scan(id, &title) })
	return title, stacks, err
}
