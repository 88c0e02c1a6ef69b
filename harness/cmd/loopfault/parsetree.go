package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"

	"loopfault/errs"
	"loopfault/results/kernelreport"
	"loopfault/results/report/plain"
	"loopfault/results/safefile"
	"loopfault/results/textinput"
)

// tree is a directory, or an archive, with many texts in it: a sosreport, say.
type tree struct {
	name string
	walk func(ctx context.Context, visit func(name string, text io.Reader) error) error
}

// treeOf is the tree that a name stands for; nil if it is one text, or nothing that can be
// opened, which whoever opens it then says.
func treeOf(name string) *tree {
	if name == "-" || isDescriptor(name) {
		return nil
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return &tree{name, func(ctx context.Context, visit func(string, io.Reader) error) error {
			return textinput.WalkDir(ctx, name, visit)
		}}
	}
	if ok, err := inArchive(name, func(io.Reader) error { return nil }); err != nil || !ok {
		return nil
	}
	return &tree{name, func(ctx context.Context, visit func(string, io.Reader) error) error {
		_, err := inArchive(name, func(in io.Reader) error { return textinput.WalkTar(ctx, in, visit) })
		return err
	}}
}

// inArchive hands over what an archive holds, uncompressed, and says whether it is one.
func inArchive(name string, do func(io.Reader) error) (bool, error) {
	f, err := safefile.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	text, err := textinput.Decode(f)
	if err != nil {
		return false, err
	}
	in := bufio.NewReaderSize(text, looked)
	if !textinput.IsTar(in) {
		return false, nil
	}
	return true, do(in)
}

// parse prints one line for each report in any text of the tree. It is an outcome if there
// are none, and a text looks like one.
func (t *tree) parse(ctx context.Context, out *reportPrinter, stderr io.Writer) error {
	before, unread := out.n, false
	err := t.walk(ctx, func(name string, text io.Reader) error {
		in := bufio.NewReaderSize(text, looked)
		if head, _ := in.Peek(looked); strange(head) > len(head)/8 {
			return nil // no text
		}
		found := out.n
		traces := kernelreport.NewTraces(in)
		s := kernelreport.NewScanner(traces)
		for s.Scan() {
			if err := out.printOf(name, s.Report()); err != nil {
				return err
			}
		}
		if s.Err() != nil {
			fmt.Fprintf(stderr, "%s: %s: %v\n", t.name, name, s.Err()) // the other texts may tell
		}
		if out.n == found && traces.Number > 0 {
			unread = true
			sayUnread(stderr, t.name+": "+name, traces)
		}
		return nil
	})
	if err != nil {
		return errs.ByUser(fmt.Errorf("%s: %w", t.name, err))
	}
	if unread && out.n == before {
		return &outcome{exitInconclusive}
	}
	return nil
}

func sayUnread(stderr io.Writer, name string, t *kernelreport.Traces) {
	fmt.Fprintf(stderr, "%s: line %d looks like a part of a report, in a form that is not known: %s\n", name, t.Number, plain.Short(t.Line, maxShown))
}

// printOf prints a report of one text of several: in one line, or as JSON with its file.
func (p *reportPrinter) printOf(file string, r kernelreport.Report) error {
	if p.json {
		return p.printJSON(struct {
			File string `json:"file"`
			kernelreport.Report
		}{file, r})
	}
	p.n++
	_, err := fmt.Fprintf(p.w, "%s: bytes %d to %d: %s (%s)\n", file, r.Start, r.End, r.Title, r.Signature)
	return err
}
