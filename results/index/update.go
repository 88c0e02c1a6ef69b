package index

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"loopfault/results/safefile"
)

// deepTrials is how many trials a store may have for each file to be checked for changes. In larger stores only
// runs are checked in which a campaign added, removed or wrote something.
const deepTrials = 50_000

// Update brings the index up to date with the result trees: it reads again what changed. tell, which may be
// nil, is called for each run that is read, with the number of runs.
func (ix *Index) Update(ctx context.Context, tell func(run string, i, of int)) error {
	entries, err := safefile.ListIn(ix.dir, ".")
	if err != nil {
		return fmt.Errorf("results directory: %w", err)
	}
	have, err := ix.known(ctx)
	if err != nil {
		return err
	}
	var trials int
	if err := ix.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM trials").Scan(&trials); err != nil {
		return err
	}
	for i, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		stamp := runStamp(filepath.Join(ix.dir, e.Name()))
		was, ok := have[e.Name()]
		delete(have, e.Name())
		if ok && was == stamp && trials > deepTrials {
			continue
		}
		tellRun := func() {
			if tell != nil {
				tell(e.Name(), i, len(entries))
			}
		}
		if err := ix.updateRun(ctx, e.Name(), stamp, tellRun); err != nil {
			return fmt.Errorf("index: run %s: %w", e.Name(), err)
		}
	}
	return ix.forget(ctx, have)
}

// Rebuild empties the index, for Update to read everything again.
func (ix *Index) Rebuild(ctx context.Context) error {
	return ix.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, schema)
		return err
	})
}

// known is the stamps of the runs in the index, by name.
func (ix *Index) known(ctx context.Context) (map[string]string, error) {
	rows, err := ix.db.QueryContext(ctx, "SELECT name, stamp FROM runs")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	have := map[string]string{}
	for rows.Next() {
		var name, stamp string
		if err := rows.Scan(&name, &stamp); err != nil {
			return nil, err
		}
		have[name] = stamp
	}
	return have, rows.Err()
}

// forget drops runs that no longer exist.
func (ix *Index) forget(ctx context.Context, gone map[string]string) error {
	if len(gone) == 0 {
		return nil
	}
	return ix.change(ctx, func(tx *sql.Tx) error {
		for name := range gone {
			if _, err := tx.ExecContext(ctx, "DELETE FROM runs WHERE name = ?", name); err != nil {
				return err
			}
		}
		return tidy(ctx, tx)
	})
}

// tidy drops stacks that no trial refers to any more.
func tidy(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM stacks WHERE seen = 0")
	return err
}

// change runs a transaction that writes.
func (ix *Index) change(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := ix.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// runStamp changes when a campaign writes to a run, and when trials are added or removed.
func runStamp(dir string) string {
	var list []string
	for _, name := range []string{"manifest.json", "journal.jsonl", "trials"} {
		list = append(list, stampOf(dir, name))
	}
	return strings.Join(list, " ")
}

// stampOf changes with a file; it is "" if there is none.
func stampOf(dir, name string) string {
	info, err := safefile.StatIn(dir, name)
	if err != nil {
		return ""
	}
	return stamp(info)
}

func stamp(info fs.FileInfo) string {
	return strconv.FormatInt(info.Size(), 36) + "." + strconv.FormatInt(info.ModTime().UnixNano(), 36)
}
