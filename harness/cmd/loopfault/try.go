package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"loopfault/errs"

	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/harness/try"
	"loopfault/results/store"
	"loopfault/vmimages/kernel"
)

type tryCmd struct {
	Scenario     []scenario.Ref `arg:"" help:"Names from the catalogue, or YAML files; choices after a colon as for run."`
	Patch        []string       `sep:"none" placeholder:"FILE" help:"Patch to try, plain or mailbox; repeatable, in order."`
	ReversePatch []string       `sep:"none" placeholder:"FILE" help:"Patch to take out of the source; repeatable, after the others."`
	Source       string         `placeholder:"DIR|debian:6.12" default:"debian:6.12" help:"Kernel source that both kernels are built from: its directory, or debian:VERSION. Default: ${default}."`
	Flavour      []string       `placeholder:"lockdep|kasan|debuginfo" help:"Detectors or debug information to add to all kernels; repeatable."`
	For          time.Duration  `placeholder:"1h" default:"1h" help:"Start no trial after this time, which all scenarios share. Builds do not count. Default: ${default}."`
	Power        float64        `default:"0.8" help:"Go on, within the time, until a hang rate half as high would have been shown with this chance. Default: ${default}."`
	Rate         float64        `default:"0.01" help:"If nothing hangs, go on, within the time, until the hang rate is shown to be below this. Default: ${default}."`
	Seed         *uint64        `placeholder:"S" help:"Seed of the plans. Default: a random one, which is printed."`
	Mail         string         `placeholder:"FILE" help:"Write the text to mail to a file as well."`
	backendFlag
	session.GuestFlags
}

func (c *tryCmd) Run(ctx context.Context, e *env) error {
	r, err := c.request()
	if err != nil {
		return err
	}
	st, err := store.Open(e.Results)
	if err != nil {
		return errs.ByUser(err)
	}
	g, err := try.NewGuests(&e.Session, st, c.GuestFlags, try.Answer{Power: c.Power, Rate: c.Rate, Seed: *c.Seed})
	if err != nil {
		return err
	}
	out, err := try.Run(ctx, g, r)
	if len(out.Checked) > 0 {
		if werr := c.print(e, out); err == nil {
			err = werr
		}
	}
	if err != nil {
		return err
	}
	return outcomeOf(g.Worst())
}

func (c *tryCmd) request() (try.Request, error) {
	switch {
	case len(c.Patch)+len(c.ReversePatch) == 0:
		return try.Request{}, errs.Usagef("there is nothing to try: expected --patch FILE or --reverse-patch FILE")
	case c.For <= 0:
		return try.Request{}, errs.Usagef("--for is %s, want a time above 0", c.For)
	case c.Rate <= 0 || c.Rate >= 0.5:
		return try.Request{}, errs.Usagef("--rate is %g, want more than 0 and less than 0.5", c.Rate)
	}
	if err := checkPower(c.Power); err != nil {
		return try.Request{}, err
	}
	if err := c.GuestFlags.Check(); err != nil {
		return try.Request{}, err
	}
	c.Seed = session.SeedOr(c.Seed)
	patches, err := kernel.ReadPatches(c.Patch, c.ReversePatch)
	if err != nil {
		return try.Request{}, err
	}
	var refs []scenario.Ref
	for _, ref := range c.Scenario {
		ref = ref.By(scenario.Backend(c.Backend))
		if _, _, err := session.FindScenario(ref); err != nil {
			return try.Request{}, err
		}
		refs = append(refs, ref)
	}
	return try.Request{Source: c.Source, Patches: patches, Flavours: c.Flavour, Scenarios: refs, For: c.For}, nil
}

// print prints the check's result, and writes the text to mail.
func (c *tryCmd) print(e *env, out try.Outcome) error {
	var text strings.Builder
	if err := out.Mail(&text); err != nil {
		return err
	}
	if c.Mail != "" {
		if err := os.WriteFile(c.Mail, []byte(text.String()), 0o644); err != nil {
			return err
		}
	}
	if e.json {
		return e.printJSON(out.Output(e.Results, *c.Seed, text.String()))
	}
	_, err := fmt.Fprintf(e.stdout, "\nseed %d; text to mail:\n\n%s", *c.Seed, text.String())
	return err
}
