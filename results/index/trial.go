package index

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"

	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// trial is one trial as it goes into the index.
type trial struct {
	n       int
	stamp   string
	stored  store.Trial
	hangs   []kernelreport.Report
	problem string
}

// readTrial reads one trial's files; what is wrong with one of them is the trial's problem, and the rest is used.
func readTrial(run *store.Run, n int, stamp string) trial {
	t := trial{n: n, stamp: stamp}
	var err error
	if t.stored, err = run.ReadTrial(n); err != nil {
		t.problem = problem(run.Dir, err)
		return t
	}
	reports, err := run.Reports(n)
	if err != nil {
		t.problem = problem(run.Dir, err)
	}
	for _, r := range reports {
		if verdict.KindOf(r.Kind) == verdict.Hang {
			t.hangs = append(t.hangs, r)
		}
	}
	return t
}

// writer writes trials of one transaction.
type writer struct {
	ctx                               context.Context //nolint:containedctx // the transaction's, which is bound to it
	drop, add, see, find, keep, frame *sql.Stmt
	stacks                            map[[sha256.Size]byte]int64
}

func newWriter(ctx context.Context, tx *sql.Tx) (*writer, error) {
	w := &writer{ctx: ctx, stacks: map[[sha256.Size]byte]int64{}}
	for _, s := range []struct {
		to   **sql.Stmt
		text string
	}{
		{&w.drop, "DELETE FROM trials WHERE run = ? AND n = ?"},
		{&w.add, "INSERT INTO trials VALUES (?, ?, ?, ?, ?, ?, ?)"},
		{&w.see, "INSERT OR IGNORE INTO sightings VALUES (?, ?, ?, ?)"},
		{&w.find, "SELECT id FROM stacks WHERE hash = ?"},
		{&w.keep, "INSERT INTO stacks (hash, signature, title, report) VALUES (?, ?, ?, ?) RETURNING id"},
		{&w.frame, "INSERT OR IGNORE INTO frames VALUES (?, ?)"},
	} {
		var err error
		if *s.to, err = tx.PrepareContext(ctx, s.text); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// put writes a trial and its hangs, replacing its previous entry.
func (w *writer) put(run int64, t trial) error {
	if _, err := w.drop.ExecContext(w.ctx, run, t.n); err != nil {
		return err
	}
	if _, err := w.add.ExecContext(w.ctx, run, t.n, t.stamp, t.stored.Arm, string(t.stored.Verdict.Kind), t.stored.Signature, t.problem); err != nil {
		return err
	}
	for _, r := range t.hangs {
		stack, err := w.stack(r)
		if err != nil {
			return err
		}
		if _, err := w.see.ExecContext(w.ctx, stack, run, t.n, r.Detector); err != nil {
			return err
		}
	}
	return nil
}

// stack gives the id of what a report shows apart from where and when it was seen: its kind and its victim's stack.
func (w *writer) stack(r kernelreport.Report) (int64, error) {
	text, err := json.Marshal(bare(r))
	if err != nil {
		return 0, err
	}
	hash := sha256.Sum256(text)
	if id, ok := w.stacks[hash]; ok {
		return id, nil
	}
	var id int64
	err = w.find.QueryRowContext(w.ctx, hash[:]).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		id, err = w.newStack(r, hash[:], text)
	}
	w.stacks[hash] = id
	return id, err
}

func (w *writer) newStack(r kernelreport.Report, hash, text []byte) (id int64, err error) {
	if err := w.keep.QueryRowContext(w.ctx, hash, r.CurrentSignature(), r.Title, text).Scan(&id); err != nil {
		return 0, err
	}
	for _, task := range r.Tasks[:min(len(r.Tasks), 1)] {
		for _, f := range task.Frames {
			if _, err := w.frame.ExecContext(w.ctx, kernelreport.BareName(f.Func), id); err != nil {
				return 0, err
			}
		}
	}
	return id, nil
}

// bare is a report without the parts that differ at each occurrence.
func bare(r kernelreport.Report) kernelreport.Report {
	b := kernelreport.Report{Kind: r.Kind, Title: r.Title, Signature: r.Signature, Tasks: []kernelreport.Task{}}
	for _, t := range r.Tasks[:min(len(r.Tasks), 1)] {
		t.PID, t.TGID, t.BlockedSeconds, t.State = nil, nil, nil, ""
		if len(t.Frames) > 0 {
			t.Comm = "" // a signature needs it only where there is no stack
		}
		b.Tasks = append(b.Tasks, t)
	}
	return b
}
