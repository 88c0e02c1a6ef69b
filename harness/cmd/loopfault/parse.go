package main

import (
	"context"
	"errors"

	"loopfault/results/report/found"
)

type parseCmd struct {
	formatFlag
	Vmlinux string   `xor:"symbols" placeholder:"FILE" help:"Show stacks with source lines and inlined callers, from the debug information in FILE: the vmlinux of the very kernel build that printed them."`
	Kernel  string   `xor:"symbols" placeholder:"K" help:"The same from the vmlinux of a kernel that was built here with the flavour debuginfo."`
	Files   []string `arg:"" optional:"" name:"file" help:"Logs of any size, also compressed with gzip, bzip2, xz or zstd. Of a directory or a tar archive all texts are read, and each report is printed in one line. Default: standard input, also named -."`
}

func (c parseCmd) Run(ctx context.Context, e *env) error {
	out := &found.Printer{To: e.stdout, Warnings: e.stderr, JSON: c.asJSON(e)}
	missed, err := e.Parse(ctx, e.stdin, c.Files, c.Vmlinux, c.Kernel, out)
	if missed {
		return errors.Join(err, &outcome{exitInconclusive})
	}
	return err
}
