package session

import (
	"context"
	"fmt"
	"io"
	"os"

	"loopfault/errs"
	"loopfault/harness/vmcore"
	"loopfault/results/report/found"
	"loopfault/results/waitfor"
	"loopfault/results/waitfor/texts"
)

// Explain explains the hang that names stand for: of a stored trial if the one name is that of one, and otherwise of texts, with - for
// stdin; or, with a vmlinux, of one memory dump. told is false if texts or dump tell of no hang: then there is a warning of each
// text in which something looks like a report of one.
func (e *Session) Explain(ctx context.Context, stdin io.Reader, names []string, vmlinux string) (x waitfor.Explanation, told bool, err error) {
	if vmlinux != "" {
		return explainDump(ctx, names, vmlinux)
	}
	for _, name := range names {
		if name != "-" && vmcore.IsDump(name) {
			return x, false, errs.Usagef("%s is a memory dump; --vmlinux FILE has to name the vmlinux of its kernel, with debug information", name)
		}
	}
	_, missing := os.Lstat(names[0])
	if len(names) > 1 || names[0] == "-" || missing == nil && !mayBeTrial(names[0]) {
		return e.explainTexts(ctx, stdin, names)
	}
	stored, n, err := e.LoadTrial(ctx, names[0])
	switch {
	case err == nil:
		x, err = ExplainTrial(stored, n)
		return x, true, err
	case missing == nil:
		return e.explainTexts(ctx, stdin, names)
	}
	return x, false, errs.ByUser(fmt.Errorf("%w; nor is there such a text", err))
}

// explainDump explains what is in the memory dump of a machine.
func explainDump(ctx context.Context, names []string, vmlinux string) (x waitfor.Explanation, told bool, err error) {
	if len(names) != 1 {
		return x, false, errs.Usagef("--vmlinux goes with one memory dump, not with %d arguments", len(names))
	}
	x, err = vmcore.Explain(ctx, names[0], vmlinux)
	return x, x.Class != waitfor.Nothing, err
}

// explainTexts explains what texts of one hang tell.
func (e *Session) explainTexts(ctx context.Context, stdin io.Reader, names []string) (x waitfor.Explanation, told bool, err error) {
	x, unread, err := texts.Explain(ctx, stdin, names)
	if err != nil {
		return x, false, err
	}
	for _, u := range unread {
		found.Unread(e.Warnings, u.Name, u.Traces)
	}
	return x, x.Class != waitfor.Nothing, nil
}
