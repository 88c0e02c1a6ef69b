package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/renameio/v2"
	"golang.org/x/term"

	"loopfault/errs"
	"loopfault/harness/collect"
	"loopfault/results/evidence"
)

type collectCmd struct {
	Output string        `short:"o" placeholder:"FILE.tar.zst" help:"Archive to write; - is standard output. Default: a file here, with the host and the time in its name."`
	Paths  bool          `help:"Keep the names of files and directories. Default: each is replaced by a number."`
	Apart  time.Duration `default:"5s" placeholder:"5s" help:"Everything is looked at twice, with this time in between: what went on between the two looks does not hang. Default: ${default}."`
	Each   time.Duration `default:"3s" placeholder:"3s" help:"How long one read may take. After that its process is killed or, if it cannot be killed, left behind. Default: ${default}."`
	For    time.Duration `default:"1m" placeholder:"1m" help:"How long all reads together may take; what was not read by then is left out. Default: ${default}."`
}

// collectOutput is what collect --json prints.
type collectOutput struct {
	File string `json:"file"`
	evidence.Collection
}

func (c *collectCmd) Run(ctx context.Context, e *env) error {
	if c.Apart <= 0 || c.Each <= 0 || c.For <= c.Apart {
		return errs.Usagef("--apart, --each and --for are %s, %s and %s; want times above 0, and --for longer than --apart", c.Apart, c.Each, c.For)
	}
	if on := collect.OnNetwork(collect.Program()); on != "" {
		return errs.Usagef("%s lies on a file system of type %s, which may be what hangs: copy the program to a local one first", collect.Program(), on)
	}
	out, err := c.open(e)
	if err != nil {
		return err
	}
	defer out.discard()
	taken, err := collect.Take(ctx, collect.Options{Apart: c.Apart, Each: c.Each, For: c.For, Paths: c.Paths, Version: version,
		Tell: func(t evidence.Text, problems int) {
			more := ""
			if problems > 0 {
				more = ", not all could be read"
			}
			fmt.Fprintf(e.stderr, "%5.1f s  %-20s %9d bytes%s\n", t.Seconds, t.Name, t.Bytes, more)
		}})
	if err != nil {
		return fmt.Errorf("no archive was written: %w", err)
	}
	if err := out.keep(taken); err != nil {
		return err
	}
	for _, p := range taken.About.Problems {
		fmt.Fprintf(e.stderr, "loopfault: could not read %s\n", p)
	}
	for _, l := range taken.About.Left {
		fmt.Fprintf(e.stderr, "loopfault: process %d cannot be killed: it still blocks in a read of %s, and stays behind until that ends\n", l.PID, l.Path)
	}
	if err := out.say(e, taken); err != nil {
		return err
	}
	if !taken.Tells() {
		fmt.Fprintln(e.stderr, "loopfault: neither a stack nor an RPC could be read, so that nothing can be explained from this; as root more can be read")
		return &outcome{exitInconclusive}
	}
	return nil
}

// collected is where the archive goes: a file that appears whole, or standard output.
type collected struct {
	name string
	file *renameio.PendingFile // nil: to standard output
	to   *env
}

// open makes sure before anything is read that the archive can be written.
func (c *collectCmd) open(e *env) (*collected, error) {
	if c.Output == "-" {
		if f, ok := e.stdout.Raw().(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			return nil, errs.Usagef("-o -: the archive is no text for a terminal; send standard output to a file or a pipe")
		}
		return &collected{to: e}, nil
	}
	name := c.Output
	if name == "" {
		host, _ := os.Hostname()
		name = fmt.Sprintf("loopfault-collect-%s-%s.tar.zst", strings.ReplaceAll(host, "/", "_"), time.Now().UTC().Format("20060102-150405"))
	}
	full, err := filepath.Abs(name)
	if err != nil {
		return nil, errs.ByUser(err)
	}
	if on := collect.OnNetwork(full); on != "" {
		return nil, errs.Usagef("%s lies on a file system of type %s, which may be what hangs: want -o with a name on a local one", full, on)
	}
	if _, err := os.Lstat(full); !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			return nil, errs.ByUser(err)
		}
		return nil, errs.Usagef("-o %s: there is such a file already, and it is not overwritten; want a new name", name)
	}
	f, err := renameio.NewPendingFile(full, renameio.WithPermissions(0o600), renameio.WithTempDir(filepath.Dir(full)))
	if err != nil {
		return nil, errs.ByUser(fmt.Errorf("-o %s: %w", name, err))
	}
	return &collected{name: name, file: f, to: e}, nil
}

func (o *collected) keep(t *collect.Taken) error {
	if o.file == nil {
		return t.Write(o.to.stdout.Raw())
	}
	err := t.Write(o.file)
	if err == nil {
		err = o.file.CloseAtomicallyReplace()
	}
	if err != nil {
		return errs.ByUser(fmt.Errorf("-o %s: nothing was kept: %w", o.name, err))
	}
	return nil
}

func (o *collected) discard() {
	if o.file != nil {
		_ = o.file.Cleanup()
	}
}

// say tells what there is now.
func (o *collected) say(e *env, t *collect.Taken) error {
	switch {
	case o.file == nil:
		return nil
	case e.json:
		return e.printJSON(collectOutput{o.name, t.About})
	}
	left := "names of files are left out"
	if c := t.About; c.Paths {
		left = "names of files are in it"
	}
	_, err := fmt.Fprintf(e.stdout, "%s: %s; host names, addresses and names of processes are in it. On any machine: loopfault explain %s\n", o.name, left, o.name)
	return err
}

// readFor is a process of a collection under way, which may block in what it reads.
func readFor(in io.Reader, out io.Writer) int {
	if err := collect.Serve(in, out); err != nil {
		return exitInfrastructure
	}
	return exitClean
}
