package try

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"loopfault/errs"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/results/summary"
	"loopfault/vmimages/kernel"
)

// Asked is a check of patches as somebody asks for it.
type Asked struct {
	Scenarios []scenario.Ref
	Backend   scenario.Backend // that fails allocations; "": each scenario's own
	Patches   []string         // files
	Reversed  []string         // files of patches to take out, after the others
	Source    string
	Flavours  []string
	For       time.Duration
	Power     float64
	Rate      float64
	Seed      *uint64 // nil: a random one
	Flags     session.GuestFlags
}

// request checks what is asked, and reads the patches. Errors are the user's.
func (a Asked) request() (Request, error) {
	switch {
	case len(a.Patches)+len(a.Reversed) == 0:
		return Request{}, errs.Usagef("there is nothing to try: expected --patch FILE or --reverse-patch FILE")
	case a.For <= 0:
		return Request{}, errs.Usagef("--for is %s, want a time above 0", a.For)
	case a.Rate <= 0 || a.Rate >= 0.5:
		return Request{}, errs.Usagef("--rate is %g, want more than 0 and less than 0.5", a.Rate)
	}
	if err := session.CheckPower(a.Power); err != nil {
		return Request{}, err
	}
	if err := a.Flags.Check(); err != nil {
		return Request{}, err
	}
	patches, err := kernel.ReadPatches(a.Patches, a.Reversed)
	if err != nil {
		return Request{}, err
	}
	var refs []scenario.Ref
	for _, ref := range a.Scenarios {
		ref = ref.By(a.Backend)
		if _, _, err := session.FindScenario(ref); err != nil {
			return Request{}, err
		}
		refs = append(refs, ref)
	}
	return Request{Source: a.Source, Patches: patches, Flavours: a.Flavours, Scenarios: refs, For: a.For}, nil
}

// Result is what a check came to.
type Result struct {
	Outcome
	Worst summary.Judgement // of the comparisons
	Seed  uint64            // of the plans
}

// Run checks the patches in real guests. What it has found so far it returns beside an error, too, and nil if nothing was compared.
func (a Asked) Run(ctx context.Context, e *session.Session) (*Result, error) {
	r, err := a.request()
	if err != nil {
		return nil, err
	}
	st, err := e.Store()
	if err != nil {
		return nil, err
	}
	seed := *session.SeedOr(a.Seed)
	guests, err := NewGuests(e, st, a.Flags, Answer{Power: a.Power, Rate: a.Rate, Seed: seed})
	if err != nil {
		return nil, err
	}
	out, err := Run(ctx, guests, r)
	if len(out.Checked) == 0 {
		return nil, err
	}
	return &Result{out, guests.Worst(), seed}, err
}

// Output is the result as it is printed, of runs in a results directory. The text to mail is written to a file as well, unless its
// name is empty.
func (r *Result) Output(results, file string) (Output, error) {
	var text strings.Builder
	if err := r.Mail(&text); err != nil {
		return Output{}, err
	}
	if file != "" {
		if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
			return Output{}, err
		}
	}
	return r.Outcome.Output(results, r.Seed, text.String()), nil
}

// Fprint writes for people what is left to say after the comparisons: the text to mail.
func (o Output) Fprint(w io.Writer) {
	fmt.Fprintf(w, "\nseed %d; text to mail:\n\n%s", o.Seed, o.Mail)
}
