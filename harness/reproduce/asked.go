package reproduce

import (
	"context"
	"fmt"
	"io"
	"time"

	"loopfault/errs"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/results/waitfor/texts"
)

// Asked is a search for the hangs of a text as somebody asks for it.
type Asked struct {
	Report  string // file of the text, or a directory of such; - for standard input
	Kernel  string
	Backend scenario.Backend // as in Hunt
	For     time.Duration
	Seed    uint64
	Flags   session.GuestFlags
	DryRun  bool // only say which scenarios fit
}

// Run reads the text, says which scenarios fit, and runs them. What it has found so far it returns beside an error, too, and nil if it
// did not begin. If nothing fits it says what would be needed, and runs nothing.
func (a Asked) Run(ctx context.Context, e *session.Session, stdin io.Reader) (*Found, error) {
	if a.For <= 0 {
		return nil, errs.Usagef("--for is %s, want a time above 0", a.For)
	}
	hangs, evidence, err := texts.Hangs(ctx, stdin, a.Report)
	if err != nil {
		return nil, err
	}
	told := Tell(hangs, evidence.Mountstats)
	ranked, err := Choose(told)
	if err != nil {
		return nil, err
	}
	h := &Hunt{Session: e, Flags: a.Flags, Wanted: hangs, Kernel: a.Kernel, Backend: a.Backend, For: a.For, Seed: a.Seed}
	found := h.Announce(ranked)
	if len(ranked) == 0 {
		fmt.Fprintf(e.Text, "nothing in the catalogue fits: what would be needed is %s\n", Missing(told))
		return &found, nil
	}
	if a.DryRun {
		return &found, nil
	}
	if h.Store, err = e.Store(); err != nil {
		return nil, err
	}
	found, err = h.Run(ctx, ranked)
	return &found, err
}
