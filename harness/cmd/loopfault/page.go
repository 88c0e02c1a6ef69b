package main

import (
	"bytes"
	"fmt"

	"loopfault/results/report/html"
	"loopfault/results/report/model"
	"loopfault/results/store"
)

// leavePage writes report.html into a run that has come to an end, for whatever reason.
func (e *env) leavePage(run *store.Run) error {
	if run == nil {
		return nil
	}
	stored, err := e.load(run.Name)
	if err == nil {
		err = e.writePage(stored)
	}
	if err != nil {
		return fmt.Errorf("report page of run %s: %w", run.Name, err)
	}
	return nil
}

func (e *env) writePage(stored store.Stored) error {
	r, err := e.model(stored)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := html.Write(&page, r, html.Options{}); err != nil {
		return err
	}
	return stored.Write("report.html", page.Bytes())
}

// model reads a run for reports, with source lines as far as they are at hand.
func (e *env) model(stored store.Stored) (model.Run, error) {
	symbolize, done := symbolizer(e, stored.Manifest)
	r := model.Read(stored, model.Options{Symbolize: symbolize})
	return r, done()
}
