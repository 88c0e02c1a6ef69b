package session

import (
	"bytes"
	"fmt"

	"loopfault/results/report"
	"loopfault/results/report/html"
	"loopfault/results/report/model"
	"loopfault/results/store"
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

// Model reads a run for reports, with source lines as far as they are at hand.
func (e *Session) Model(stored store.Stored) (model.Run, error) {
	symbolize, done := e.symbolizer(stored.Manifest)
	r := model.Read(stored, model.Options{Symbolize: symbolize})
	return r, done()
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
