package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/google/renameio/v2"

	"loopfault/errs"
)

type explainCmd struct {
	formatFlag
	SVG     string   `name:"svg" placeholder:"FILE" help:"Draw which task waits for which into this file."`
	Vmlinux string   `name:"vmlinux" placeholder:"FILE" help:"Explain a memory dump, which is the one argument: FILE is the vmlinux of its kernel, with debug information. drgn is needed (Debian package python3-drgn)."`
	What    []string `arg:"" name:"trial-or-text" help:"A stored trial: RUN/NUMBER (as in latest/3) or its directory. Or texts about one hang on another machine: files, directories, what loopfault collect wrote there, - for standard input."`
}

func (c *explainCmd) Run(ctx context.Context, e *env) error {
	x, told, err := e.Explain(ctx, e.stdin, c.What, c.Vmlinux)
	if err != nil {
		return err
	}
	if c.SVG != "" {
		if err := renameio.WriteFile(c.SVG, x.Graph.SVG(), 0o644); err != nil {
			return errs.ByUser(fmt.Errorf("--svg: %w", err))
		}
	}
	if c.asJSON(e) {
		out := json.NewEncoder(e.stdout)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false) // arrows stay arrows
		err = out.Encode(x)
	} else {
		_, err = io.WriteString(e.stdout, x.Text())
	}
	if err == nil && !told {
		return &outcome{exitInconclusive}
	}
	return err
}
