package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"loopfault/errs"
	"loopfault/results/kernelreport"
	"loopfault/results/report/found"
	"loopfault/results/textinput"
	"loopfault/results/waitfor/texts"
)

type parseCmd struct {
	Format  string   `enum:"text,json" default:"text" hidden:"" help:"text, or json for --json."`
	Vmlinux string   `xor:"symbols" placeholder:"FILE" help:"Show stacks with source lines and inlined callers, from the debug information in FILE: the vmlinux of the very kernel build that printed them."`
	Kernel  string   `xor:"symbols" placeholder:"K" help:"The same from the vmlinux of a kernel that was built here with the flavour debuginfo."`
	Files   []string `arg:"" optional:"" name:"file" help:"Logs of any size, also compressed with gzip, bzip2, xz or zstd. Of a directory or a tar archive all texts are read, and each report is printed in one line. Default: standard input, also named -."`
}

func (c parseCmd) Run(ctx context.Context, e *env) error {
	files, trees := []string{}, []*textinput.Tree{}
	for _, name := range c.Files {
		if t := textinput.TreeOf(name); t != nil {
			trees = append(trees, t)
		} else {
			files = append(files, name)
		}
	}
	if len(trees) > 0 && len(files) == 0 {
		return c.parseTrees(ctx, e, trees)
	}
	if len(trees) > 0 {
		return errs.Usagef("%s holds many texts, and is read by itself: give no single logs with it", trees[0].Name)
	}
	inputs, err := textinput.Open(ctx, e.stdin, files)
	if err != nil {
		return err
	}
	defer inputs.Close()
	lines, err := e.OpenSymbols(c.Vmlinux, c.Kernel)
	if err != nil {
		return err
	}
	out := found.Printer{To: e.stdout, JSON: e.json || c.Format == "json", Stacks: lines != nil}
	var unread error
	for i, in := range inputs {
		before := out.N
		traces := kernelreport.NewTraces(in)
		s := kernelreport.NewScanner(traces)
		for s.Scan() {
			r := s.Report()
			lines.Decode(&r)
			if err := out.Print(r); err != nil {
				return err
			}
		}
		if err := s.Err(); err != nil {
			return errors.Join(errs.ByUser(err), out.End())
		}
		if out.N == before && traces.Number > 0 {
			unread = &outcome{exitInconclusive}
			found.Unread(e.stderr, nameOf(c.Files, i), traces)
		}
	}
	return errors.Join(out.End(), lines.Close(e.stderr), unread)
}

// parseTrees reads directories and archives.
func (c parseCmd) parseTrees(ctx context.Context, e *env, trees []*textinput.Tree) error {
	if c.Vmlinux != "" || c.Kernel != "" {
		return errs.Usagef("--vmlinux and --kernel go with single logs")
	}
	out := found.Printer{To: e.stdout, JSON: e.json || c.Format == "json"}
	var err error
	for _, t := range trees {
		if err = errors.Join(err, parseTree(ctx, t, &out, e.stderr)); ctx.Err() != nil {
			break
		}
	}
	return errors.Join(out.End(), err)
}

// parseTree prints one line for each report in any text of the tree. No report, though a text
// looks like one, is an outcome.
func parseTree(ctx context.Context, t *textinput.Tree, out *found.Printer, stderr io.Writer) error {
	before, unread := out.N, false
	lists, listed := texts.New(), 0
	err := t.Walk(ctx, func(name string, text io.Reader) error {
		if texts.IsEvidence(name) {
			listed++
			return lists.Add(name, text)
		}
		already := out.N
		traces := kernelreport.NewTraces(text)
		s := kernelreport.NewScanner(traces)
		for s.Scan() {
			if err := out.PrintOf(name, s.Report()); err != nil {
				return err
			}
		}
		if s.Err() != nil {
			fmt.Fprintf(stderr, "%s: %s: %v\n", t.Name, name, s.Err()) // the other texts may tell
		}
		if out.N == already && traces.Number > 0 {
			unread = true
			found.Unread(stderr, t.Name+": "+name, traces)
		}
		return nil
	})
	if err != nil {
		return err
	}
	evidence, _ := lists.Evidence()
	for _, r := range texts.Blocked(evidence) {
		if err := out.PrintListed(r); err != nil {
			return err
		}
	}
	if listed > 0 {
		fmt.Fprintf(stderr, "%s: holds lists of tasks: loopfault explain %s shows who waits for whom\n", t.Name, t.Name)
	}
	if unread && out.N == before {
		return &outcome{exitInconclusive}
	}
	return nil
}

// nameOf is the i-th input's name in messages.
func nameOf(files []string, i int) string {
	if len(files) == 0 || files[i] == "-" {
		return "standard input"
	}
	return files[i]
}
