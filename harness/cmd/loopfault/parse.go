package main

import (
	"context"
	"errors"

	"loopfault/errs"
	"loopfault/results/report/found"
	"loopfault/results/textinput"
)

type parseCmd struct {
	Format  string   `enum:"text,json" default:"text" hidden:"" help:"text, or json for --json."`
	Vmlinux string   `xor:"symbols" placeholder:"FILE" help:"Show stacks with source lines and inlined callers, from the debug information in FILE: the vmlinux of the very kernel build that printed them."`
	Kernel  string   `xor:"symbols" placeholder:"K" help:"The same from the vmlinux of a kernel that was built here with the flavour debuginfo."`
	Files   []string `arg:"" optional:"" name:"file" help:"Logs of any size, also compressed with gzip, bzip2, xz or zstd. Of a directory or a tar archive all texts are read, and each report is printed in one line. Default: standard input, also named -."`
}

func (c parseCmd) Run(ctx context.Context, e *env) error {
	var logs []string
	var trees []*textinput.Tree
	for _, name := range c.Files {
		if t := textinput.TreeOf(name); t != nil {
			trees = append(trees, t)
		} else {
			logs = append(logs, name)
		}
	}
	out := &found.Printer{To: e.stdout, Warnings: e.stderr, JSON: e.json || c.Format == "json"}
	switch {
	case len(trees) == 0:
		return c.logs(ctx, e, logs, out)
	case len(logs) > 0:
		return errs.Usagef("%s holds many texts, and is read by itself: give no single logs with it", trees[0].Name)
	}
	return c.trees(ctx, trees, out)
}

func (c parseCmd) logs(ctx context.Context, e *env, names []string, out *found.Printer) error {
	inputs, err := textinput.Open(ctx, e.stdin, names)
	if err != nil {
		return err
	}
	defer inputs.Close()
	lines, err := e.OpenSymbols(c.Vmlinux, c.Kernel)
	if err != nil {
		return err
	}
	out.Stacks = lines != nil
	for i, in := range inputs {
		if err := out.Log(nameOf(names, i), in, lines.Decode); err != nil {
			return err
		}
	}
	return errors.Join(out.End(), lines.Close(e.stderr), missed(out))
}

func (c parseCmd) trees(ctx context.Context, trees []*textinput.Tree, out *found.Printer) (err error) {
	if c.Vmlinux != "" || c.Kernel != "" {
		return errs.Usagef("--vmlinux and --kernel go with single logs")
	}
	for _, t := range trees {
		if err = errors.Join(err, out.Tree(ctx, t)); ctx.Err() != nil {
			break
		}
	}
	return errors.Join(out.End(), err, missed(out))
}

// missed is the outcome of texts in which something looks like a report, and none was found.
func missed(out *found.Printer) error {
	if out.Missed {
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
