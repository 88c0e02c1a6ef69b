package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"loopfault/errs"
	"loopfault/results/kernelreport"
	"loopfault/results/symbols"
)

type parseCmd struct {
	Format  string   `enum:"text,json" default:"text" hidden:"" help:"text, or json for --json."`
	Vmlinux string   `xor:"symbols" placeholder:"FILE" help:"Show stacks with source lines and inlined callers, from the debug information in the vmlinux that printed them."`
	Kernel  string   `xor:"symbols" placeholder:"K" help:"The same, from the vmlinux of a built kernel, which has to have flavour debuginfo."`
	Files   []string `arg:"" optional:"" name:"file" help:"Logs of any size, also compressed with gzip, bzip2 or zstd; - or nothing for standard input. Of a directory or a tar archive, all texts in it, one line a report."`
}

func (c parseCmd) Run(ctx context.Context, e *env) error {
	files, trees := []string{}, []*tree{}
	for _, name := range c.Files {
		if t := treeOf(name); t != nil {
			trees = append(trees, t)
		} else {
			files = append(files, name)
		}
	}
	if len(trees) > 0 && len(files) == 0 {
		return c.parseTrees(ctx, e, trees)
	}
	if len(trees) > 0 {
		return errs.Usagef("%s holds many texts, and is read by itself: give no single logs with it", trees[0].name)
	}
	inputs, err := openInputs(ctx, e.stdin, files)
	if err != nil {
		return err
	}
	defer inputs.Close()
	lines, err := e.OpenSymbols(c.Vmlinux, c.Kernel)
	if err != nil {
		return err
	}
	out := reportPrinter{w: e.stdout, json: e.json || c.Format == "json", stacks: lines != nil}
	var unread error
	for i, in := range inputs {
		before := out.n
		traces := kernelreport.NewTraces(in)
		s := kernelreport.NewScanner(traces)
		for s.Scan() {
			r := s.Report()
			lines.Decode(&r)
			if err := out.print(r); err != nil {
				return err
			}
		}
		if err := s.Err(); err != nil {
			return errors.Join(errs.ByUser(err), out.end())
		}
		if out.n == before && traces.Number > 0 {
			unread = &outcome{exitInconclusive}
			sayUnread(e.stderr, nameOf(c.Files, i), traces)
		}
	}
	return errors.Join(out.end(), lines.Close(e.stderr), unread)
}

// parseTrees reads directories and archives.
func (c parseCmd) parseTrees(ctx context.Context, e *env, trees []*tree) error {
	if c.Vmlinux != "" || c.Kernel != "" {
		return errs.Usagef("--vmlinux and --kernel go with single logs")
	}
	out := reportPrinter{w: e.stdout, json: e.json || c.Format == "json"}
	var err error
	for _, t := range trees {
		if err = errors.Join(err, t.parse(ctx, &out, e.stderr)); ctx.Err() != nil {
			break
		}
	}
	return errors.Join(out.end(), err)
}

// maxShown is how much is shown of a line that could not be read.
const maxShown = 200

// nameOf is how the i-th input is called in messages.
func nameOf(files []string, i int) string {
	if len(files) == 0 || files[i] == "-" {
		return "standard input"
	}
	return files[i]
}

// reportPrinter writes reports as they are found: a log may hold more of them than memory.
type reportPrinter struct {
	w      io.Writer
	json   bool
	stacks bool // text with all stack entries
	n      int
}

func (p *reportPrinter) print(r kernelreport.Report) error {
	if p.json {
		return p.printJSON(r)
	}
	p.n++
	printReport(p.w, r, p.stacks)
	return nil
}

func (p *reportPrinter) printJSON(r any) error {
	p.n++
	text, err := json.MarshalIndent(r, "    ", "  ")
	if err != nil {
		return err
	}
	before := ",\n    "
	if p.n == 1 {
		before = "{\n  \"reports\": [\n    "
	}
	_, err = fmt.Fprintf(p.w, "%s%s", before, text)
	return err
}

func (p *reportPrinter) end() error {
	text := ""
	switch {
	case p.json && p.n == 0:
		text = "{\n  \"reports\": []\n}\n"
	case p.json:
		text = "\n  ]\n}\n"
	case p.n == 0:
		text = "no kernel reports found\n"
	}
	_, err := io.WriteString(p.w, text)
	return err
}

func printReport(w io.Writer, r kernelreport.Report, stacks bool) {
	fmt.Fprintf(w, "%s\n  kind %s, signature %s, bytes %d to %d", r.Title, r.Kind, r.Signature, r.Start, r.End)
	if r.Count > 1 {
		fmt.Fprintf(w, ", %d times", r.Count)
	}
	fmt.Fprintln(w)
	if r.Corrupted != "" {
		fmt.Fprintf(w, "  doubtful: %s\n", r.Corrupted)
	}
	for _, t := range r.Tasks {
		fmt.Fprintf(w, "  %s %q", t.Role, t.Comm)
		if t.PID != nil {
			fmt.Fprintf(w, " pid %d", *t.PID)
		}
		fmt.Fprintf(w, ": %d frames, waits in %s, blame %s\n", len(t.Frames), t.WaitFrame, t.BlameFrame)
		if stacks {
			symbols.Fprint(w, "    ", t.Frames)
		}
	}
}
