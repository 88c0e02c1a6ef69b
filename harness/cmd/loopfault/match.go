package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"loopfault/errs"
	"loopfault/results/index"
	"loopfault/results/kernelreport"
	"loopfault/results/match"
	"loopfault/results/report/plain"
	"loopfault/results/verdict"
)

type matchCmd struct {
	Format string `enum:"text,json" default:"text" hidden:"" help:"text, or json for --json."`
	Limit  int    `default:"10" placeholder:"N" help:"How many stored hangs to show for each one in the report."`
	File   string `arg:"" name:"report" help:"A log or a mail with a hang in it, also compressed with gzip, bzip2 or zstd; - for standard input."`
}

// matched is one hang of the report with what is like it.
type matched struct {
	Title     string        `json:"title"`
	Signature string        `json:"signature"`
	Matches   []match.Match `json:"matches"`
}

// matchOutput is what --format json prints.
type matchOutput struct {
	Hangs    []matched `json:"hangs"`    // of the report, each signature once
	Compared int       `json:"compared"` // stored reports of hangs that were looked at
	Runs     int       `json:"runs"`     // runs that they are of
}

func (c matchCmd) Run(ctx context.Context, e *env) error {
	if c.Limit < 1 {
		return errs.Usagef("--limit is %d, want at least 1", c.Limit)
	}
	hangs, err := c.hangs(ctx, e.stdin)
	if err != nil {
		return err
	}
	out, err := c.rank(ctx, e, hangs)
	if err != nil {
		return err
	}
	if e.json || c.Format == "json" {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(out)
	}
	printMatches(e, out)
	return nil
}

// hangs reads the report and keeps the first hang of each signature.
func (c matchCmd) hangs(ctx context.Context, stdin io.Reader) ([]kernelreport.Report, error) {
	in, err := openInputs(ctx, stdin, []string{c.File})
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var hangs []kernelreport.Report
	others := map[kernelreport.Kind]bool{}
	s := kernelreport.NewScanner(in[0])
	for s.Scan() {
		r := s.Report()
		if !isHang(r) {
			others[r.Kind] = true
		} else if !slices.ContainsFunc(hangs, func(h kernelreport.Report) bool { return h.Signature == r.Signature }) {
			hangs = append(hangs, r)
		}
	}
	switch {
	case s.Err() != nil:
		return nil, errs.ByUser(s.Err())
	case len(hangs) > 0:
		return hangs, nil
	case len(others) == 0:
		return nil, errs.Usagef("%s: no kernel report in it; want a hung task, a task dump or a /proc/PID/stack", c.name())
	}
	var kinds []string
	for k := range others {
		kinds = append(kinds, string(k))
	}
	slices.Sort(kinds)
	return nil, errs.Usagef("%s: no hang in it, only %s; want a hung task, a task dump or a /proc/PID/stack", c.name(), strings.Join(kinds, ", "))
}

func (c matchCmd) name() string {
	if c.File == "-" {
		return "standard input"
	}
	return c.File
}

func isHang(r kernelreport.Report) bool { return verdict.KindOf(r.Kind) == verdict.Hang }

// rank ranks all stored hangs by each hang of the report. Runs and trials that cannot be read are said on standard error
// and left out.
func (c matchCmd) rank(ctx context.Context, e *env, hangs []kernelreport.Report) (matchOutput, error) {
	var out matchOutput
	ix, err := e.Index(ctx, false)
	if err != nil {
		return out, err
	}
	defer ix.Close()
	if err := tellProblems(ctx, e, ix); err != nil {
		return out, err
	}
	if out.Runs, _, out.Compared, err = ix.Size(ctx); err != nil {
		return out, err
	}
	stacks, err := ix.Stacks(ctx)
	if err != nil {
		return out, err
	}
	for _, r := range hangs {
		m := matched{Title: r.Title, Signature: r.Signature, Matches: []match.Match{}}
		found := match.RankKnown(r, stacks)
		for _, f := range found[:min(len(found), c.Limit)] {
			if f.Sightings, err = ix.Sightings(ctx, f.IDs); err != nil {
				return out, err
			}
			m.Matches = append(m.Matches, f.Match)
		}
		out.Hangs = append(out.Hangs, m)
	}
	return out, nil
}

func tellProblems(ctx context.Context, e *env, ix *index.Index) error {
	runs, err := ix.Runs(ctx, index.Filter{})
	for _, r := range runs {
		if r.Problem != "" {
			fmt.Fprintf(e.stderr, "loopfault: run %s: %s\n", r.Name, plain.Line(r.Problem))
		}
	}
	return err
}

func printMatches(e *env, out matchOutput) {
	for _, h := range out.Hangs {
		fmt.Fprintf(e.stdout, "%s\n  signature %s\n", h.Title, h.Signature)
		switch {
		case out.Runs == 0:
			fmt.Fprintf(e.stdout, "  no runs in %s to compare with\n", e.Results)
		case out.Compared == 0:
			fmt.Fprintf(e.stdout, "  no hang in any of the %s in %s\n", count(out.Runs, "run"), e.Results)
		case len(h.Matches) == 0:
			fmt.Fprintf(e.stdout, "  nothing like it among %s of hangs in %s\n", count(out.Compared, "report"), count(out.Runs, "run"))
		}
		for _, m := range h.Matches {
			fmt.Fprintf(e.stdout, "  %.2f  %s\n        signature %s\n        agrees: %s\n        %s\n",
				m.Score, plain.Line(m.Title), plain.Line(m.Signature), reasons(m.Agrees), places(m.Sightings))
		}
	}
}

// reasons says in words what agrees.
func reasons(a match.Agreement) string {
	var list []string
	if a.Signature {
		list = append(list, "signature")
	}
	if a.Blame != "" {
		list = append(list, "blame frame "+a.Blame)
	}
	if a.Operation != "" {
		list = append(list, "operation "+a.Operation)
	}
	if n := len(a.Frames); n > 0 {
		text := "frames " + strings.Join(a.Frames[:min(n, mostFrames)], " ")
		if n > mostFrames {
			text += fmt.Sprintf(" and %d more", n-mostFrames)
		}
		list = append(list, text)
	}
	return strings.Join(list, "; ")
}

// How many sightings of one hang, and how many shared functions, are named.
const (
	mostPlaces = 3
	mostFrames = 6
)

// places says where a hang was seen, the latest first.
func places(list []match.Sighting) string {
	var names []string
	for i := len(list) - 1; i >= 0 && len(names) < mostPlaces; i-- {
		s := list[i]
		names = append(names, fmt.Sprintf("%s/%04d (%s, %s)", s.Run, s.Trial, s.Arm, s.Detector))
	}
	if n := len(list) - len(names); n > 0 {
		names = append(names, fmt.Sprintf("%d more", n))
	}
	return "seen in " + count(len(list), "trial") + ": " + strings.Join(names, ", ")
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
