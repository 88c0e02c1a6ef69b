package session

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"loopfault/harness/plan"
	"loopfault/results/report"
	"loopfault/results/report/html"
	"loopfault/results/report/model"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/words"
)

// leavePage writes report.html into a run that has ended, for whatever reason.
func (e *Session) leavePage(run *store.Run) error {
	if run == nil {
		return nil
	}
	stored, err := e.Load(run.Name)
	if err == nil {
		err = e.WritePage(stored)
	}
	if err != nil {
		return fmt.Errorf("report page of run %s: %w", run.Name, err)
	}
	return nil
}

// WritePage writes report.html into a run.
func (e *Session) WritePage(stored store.Stored) error {
	r, err := e.Model(stored)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := html.Write(&page, r, html.Options{}); err != nil {
		return err
	}
	return stored.Write("report.html", page.Bytes())
}

// MostOnPage is how many trials a merged run has at most of which a page is written unasked: it lists each, and takes memory for
// all.
const MostOnPage = 20_000

// PageOfMerged writes report.html into a merged run of so many trials, and says whether it did: of too many it does not.
func (e *Session) PageOfMerged(run string, trials int) (written bool, err error) {
	if trials > MostOnPage {
		return false, nil
	}
	stored, err := e.Load(run)
	if err != nil {
		return false, err
	}
	return true, e.WritePage(stored)
}

// Mend writes summary.json of a run again, and report.html with page: one that was killed has none, or stale ones. A run that
// another process is writing, or that cannot be written, as one of an archive, stays as it is.
func (e *Session) Mend(stored store.Stored, s summary.Summary, page bool) error {
	release, err := stored.Hold()
	if err == nil {
		defer release()
		err = stored.WriteSummary(s)
	}
	if err == nil && page {
		err = e.WritePage(stored)
	}
	if errors.Is(err, store.ErrBusy) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return nil
	}
	return err
}

// Model reads a run for reports, with source lines as far as they are at hand.
func (e *Session) Model(stored store.Stored) (model.Run, error) {
	symbolize, done := e.symbolizer(stored.Manifest)
	r := model.Read(stored, model.Options{Symbolize: symbolize})
	r.Summary.Notes = append(r.Summary.Notes, Unfinished(stored)...)
	return r, done()
}

// Unfinished notes that a run was interrupted, or still goes on; nothing of one whose plan is done, or that was merged.
func Unfinished(stored store.Stored) []string {
	planned := plan.Of(stored.Manifest).Count()
	if ended, err := stored.Ended(); err != nil || ended == store.Done || stored.Manifest.Merged != nil || planned > 0 && len(stored.Trials) >= planned {
		return nil
	}
	of := ""
	if planned > 0 {
		of = fmt.Sprintf(" of %d planned", planned)
	}
	rest := fmt.Sprintf("loopfault resume %s runs the rest", stored.Name)
	if whole := stored.Manifest.Whole(); whole != "" {
		rest = "it is a part of " + whole + ", which decides how long it runs"
	}
	return []string{fmt.Sprintf("Not finished: %s%s ended so far; %s.", words.Count(len(stored.Trials), "trial"), of, rest)}
}

// LeaveReports writes a run in every format beside its summary and page.
func (e *Session) LeaveReports(run *store.Run) error {
	stored, err := e.Load(run.Name)
	if err != nil {
		return err
	}
	r, err := e.Model(stored)
	if err != nil {
		return err
	}
	for name, write := range report.Formats {
		var text bytes.Buffer
		if err := write(&text, r); err != nil {
			return fmt.Errorf("report of run %s as %s: %w", run.Name, name, err)
		}
		if err := stored.Write("report."+name, text.Bytes()); err != nil {
			return err
		}
	}
	return nil
}
