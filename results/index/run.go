package index

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strconv"
	"strings"

	"loopfault/results/safefile"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// updateRun reads what changed of a run.
func (ix *Index) updateRun(ctx context.Context, name, stamp string, tell func()) error {
	dir := filepath.Join(ix.dir, name)
	now := trialStamps(dir)
	was, same, err := ix.stamps(ctx, name, stamp)
	if err != nil {
		return err
	}
	changed, gone := diff(was, now)
	if same && len(changed) == 0 && len(gone) == 0 {
		return nil
	}
	tell()
	// All reading is done before the database is locked for others.
	r := ix.store.Read(name)
	var trials []trial
	for _, n := range changed {
		trials = append(trials, readTrial(&store.Run{Dir: r.Dir, Name: name}, n, now[n]))
	}
	return ix.change(ctx, func(tx *sql.Tx) error {
		id, err := putRun(ctx, tx, r, stamp)
		if err != nil {
			return err
		}
		for _, n := range gone {
			if _, err := tx.ExecContext(ctx, "DELETE FROM trials WHERE run = ? AND n = ?", id, n); err != nil {
				return err
			}
		}
		w, err := newWriter(ctx, tx)
		if err != nil {
			return err
		}
		for _, t := range trials {
			if err := w.put(id, t); err != nil {
				return err
			}
		}
		if err := sumUp(ctx, tx, id, r); err != nil || len(was) == 0 {
			return err
		}
		return tidy(ctx, tx)
	})
}

// stamps returns the indexed stamps of a run's trials, and whether the run itself is unchanged.
func (ix *Index) stamps(ctx context.Context, name, stamp string) (map[int]string, bool, error) {
	known := map[int]string{}
	var id int64
	var was string
	err := ix.db.QueryRowContext(ctx, "SELECT id, stamp FROM runs WHERE name = ?", name).Scan(&id, &was)
	if errors.Is(err, sql.ErrNoRows) {
		return known, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	rows, err := ix.db.QueryContext(ctx, "SELECT n, stamp FROM trials WHERE run = ?", id)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		var s string
		if err := rows.Scan(&n, &s); err != nil {
			return nil, false, err
		}
		known[n] = s
	}
	return known, was == stamp, rows.Err()
}

// trialStamps are the stamps of the verdicts of a run, by trial.
func trialStamps(dir string) map[int]string {
	list := map[int]string{}
	entries, _ := safefile.ListIn(dir, "trials")
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			// Both: reports may be rewritten without the verdict.
			trial := filepath.Join("trials", e.Name())
			if s := stampOf(dir, filepath.Join(trial, "verdict.json")); s != "" {
				list[n] = s + " " + stampOf(dir, filepath.Join(trial, "reports.json"))
			}
		}
	}
	return list
}

func diff(was, now map[int]string) (changed, gone []int) {
	for n, s := range now {
		if was[n] != s {
			changed = append(changed, n)
		}
	}
	for n := range was {
		if _, ok := now[n]; !ok {
			gone = append(gone, n)
		}
	}
	return changed, gone
}

// putRun writes the run's row and gives its id.
func putRun(ctx context.Context, tx *sql.Tx, r store.Listed, stamp string) (int64, error) {
	started, wrong := int64(0), ""
	if r.Manifest.Format == 0 { // problems of trials are recorded with them
		wrong = problem(r.Dir, errors.New(r.Problem))
	}
	if !r.Manifest.Started.IsZero() {
		started = r.Manifest.Started.Unix()
	}
	outcome := ""
	if len(r.Trials) > 0 {
		text, _ := summary.Judge(summary.Of(r.Manifest, r.Trials)).MarshalText()
		outcome = string(text)
	}
	var id int64
	err := tx.QueryRowContext(ctx, `INSERT INTO runs (name, stamp, scenario, started, outcome, problem) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET stamp = excluded.stamp, scenario = excluded.scenario, started = excluded.started, outcome = excluded.outcome, problem = excluded.problem
		RETURNING id`, r.Run, stamp, r.Manifest.Name, started, outcome, wrong).Scan(&id)
	return id, err
}

// sumUp counts the verdicts of each arm, and adds what was wrong with trials to the run's problem.
func sumUp(ctx context.Context, tx *sql.Tx, id int64, r store.Listed) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM arms WHERE run = ?", id); err != nil {
		return err
	}
	for i, a := range r.Manifest.Arms {
		counts := map[verdict.Kind]int{}
		for _, t := range r.Trials {
			if t.Arm == a.Name {
				counts[t.Verdict.Kind]++
			}
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO arms VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", id, i, a.Name, a.Kernel, a.Version, a.KernelHash, a.Control, a.NoFault,
			counts[verdict.Clean], counts[verdict.Hang], counts[verdict.Stall], counts[verdict.Crash], counts[verdict.Inconclusive], counts[verdict.Error]); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `UPDATE runs SET problem = problem || (SELECT CASE WHEN COUNT(*) = 0 THEN '' ELSE
		CASE WHEN runs.problem = '' THEN '' ELSE '; ' END || MIN(problem) || CASE WHEN COUNT(*) > 1 THEN ' and ' || (COUNT(*) - 1) || ' more' ELSE '' END END
		FROM trials WHERE run = runs.id AND problem <> '') WHERE id = ?`, id)
	return err
}

// problem puts what is wrong with a file into one line, without the directory that the reader knows.
func problem(dir string, err error) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), ""), "\n", " ")
}
