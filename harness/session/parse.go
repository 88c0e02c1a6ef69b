package session

import (
	"context"
	"errors"
	"io"

	"loopfault/errs"
	"loopfault/results/report/found"
	"loopfault/results/textinput"
)

// Parse prints the kernel reports of logs, or of directories and archives of such; without any, those of stdin. Stacks of logs are
// shown with the source lines of a vmlinux, or of the kernel of a name. missed says that something looks like a report and none was
// found.
func (e *Session) Parse(ctx context.Context, stdin io.Reader, files []string, vmlinux, kernel string, out *found.Printer) (missed bool, err error) {
	var logs []string
	var trees []*textinput.Tree
	for _, name := range files {
		if t := textinput.TreeOf(name); t != nil {
			trees = append(trees, t)
		} else {
			logs = append(logs, name)
		}
	}
	switch {
	case len(trees) == 0:
		return e.parseLogs(ctx, stdin, logs, vmlinux, kernel, out)
	case len(logs) > 0:
		return false, errs.Usagef("%s holds many texts, and is read by itself: give no single logs with it", trees[0].Name)
	case vmlinux != "" || kernel != "":
		return false, errs.Usagef("--vmlinux and --kernel go with single logs")
	}
	for _, t := range trees {
		if err = errors.Join(err, out.Tree(ctx, t)); ctx.Err() != nil {
			break
		}
	}
	return out.Missed, errors.Join(out.End(), err)
}

func (e *Session) parseLogs(ctx context.Context, stdin io.Reader, names []string, vmlinux, kernel string, out *found.Printer) (missed bool, err error) {
	inputs, err := textinput.Open(ctx, stdin, names)
	if err != nil {
		return false, err
	}
	defer inputs.Close()
	lines, err := e.OpenSymbols(vmlinux, kernel)
	if err != nil {
		return false, err
	}
	out.Stacks = lines != nil
	for i, in := range inputs {
		if err := out.Log(nameOf(names, i), in, lines.Decode); err != nil {
			return false, err
		}
	}
	err = errors.Join(out.End(), lines.Close(e.Warnings))
	return out.Missed, err
}

// nameOf is the i-th input's name in messages.
func nameOf(files []string, i int) string {
	if len(files) == 0 || files[i] == "-" {
		return "standard input"
	}
	return files[i]
}
