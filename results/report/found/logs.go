package found

import (
	"context"
	"errors"
	"fmt"
	"io"

	"loopfault/errs"
	"loopfault/results/kernelreport"
	"loopfault/results/textinput"
	"loopfault/results/waitfor/texts"
)

// Log prints the reports of a log, each as decode leaves it. An error of reading is the user's, and then what was printed is
// complete, as by End.
func (p *Printer) Log(name string, log io.Reader, decode func(*kernelreport.Report)) error {
	unread, err, perr := p.each(log, func(r kernelreport.Report) error {
		decode(&r)
		return p.print(r)
	})
	switch {
	case perr != nil:
		return perr
	case err != nil:
		return errors.Join(errs.ByUser(err), p.End())
	case unread != nil:
		p.Missed = true
		Unread(p.Warnings, name, unread)
	}
	return nil
}

// Tree prints one line for each report in any text of a tree, and for each task that its lists of tasks show as blocked. A text
// that cannot be read is a warning, since others may tell.
func (p *Printer) Tree(ctx context.Context, t *textinput.Tree) error {
	before, missed := p.N, false
	lists, listed := texts.New(), 0
	err := t.Walk(ctx, func(name string, text io.Reader) error {
		if texts.IsEvidence(name) {
			listed++
			return lists.Add(name, text)
		}
		unread, err, perr := p.each(text, func(r kernelreport.Report) error { return p.printOf(name, r) })
		if perr != nil {
			return perr
		}
		if err != nil {
			fmt.Fprintf(p.Warnings, "%s: %s: %v\n", t.Name, name, err)
		}
		if unread != nil {
			missed = true
			Unread(p.Warnings, t.Name+": "+name, unread)
		}
		return nil
	})
	if err != nil {
		return err
	}
	evidence, _ := lists.Evidence()
	for _, r := range texts.Blocked(evidence) {
		if err := p.printListed(r); err != nil {
			return err
		}
	}
	if listed > 0 {
		fmt.Fprintf(p.Warnings, "%s: holds lists of tasks: loopfault explain %s shows who waits for whom\n", t.Name, t.Name)
	}
	p.Missed = p.Missed || missed && p.N == before
	return nil
}

// each prints the reports of a text. unread is what looks like a part of a report in a text without any, or nil; err is of
// reading, perr of printing.
func (p *Printer) each(text io.Reader, print func(kernelreport.Report) error) (unread *kernelreport.Traces, err, perr error) {
	before, traces := p.N, kernelreport.NewTraces(text)
	s := kernelreport.NewScanner(traces)
	for s.Scan() {
		if perr := print(s.Report()); perr != nil {
			return nil, nil, perr
		}
	}
	if p.N == before && traces.Number > 0 {
		unread = traces
	}
	return unread, s.Err(), nil
}
