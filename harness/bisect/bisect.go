// Package bisect looks for the commit that made a scenario hang. It chooses
// commits, decides how many trials each takes so that a run of lucky trials is
// not taken for a good commit, judges the results, and saves every step, so
// that an interrupted bisection can resume.
//
// The decisions involve neither git nor guests: a Runner handles those, and Guests is the real one.
package bisect

import (
	"context"
	"fmt"

	"loopfault/harness/scenario"
	"loopfault/results/store"
)

// Request describes the search.
type Request struct {
	Scenario   scenario.Ref `json:"scenario"`
	Control    string       `json:"control,omitempty"` // kernel whose bug is planted into commits that seem good; "" for none
	Source     string       `json:"source"`            // directory of the repository
	Paths      []string     `json:"paths,omitempty"`   // only commits that touch these are considered
	Flavours   []string     `json:"flavours,omitempty"`
	Good       []string     `json:"good"`                 // full names of commits
	Bad        string       `json:"bad"`                  // likewise
	Signatures []string     `json:"signatures,omitempty"` // of the hang; none: those of the bad end
	Confidence float64      `json:"confidence"`           // that the commit named at the end is the culprit
	Probe      int          `json:"probe"`                // most trials of the bad end
	Seed       uint64       `json:"seed"`
}

// Work is one order to a Runner.
type Work struct {
	Commit  string
	Control bool   // with the control's bug planted into it
	Part    string // names the work: a Runner resumes work of the same name
}

// Runner builds and runs commits.
type Runner interface {
	// Title is the first line of a commit's message.
	Title(ctx context.Context, commit string) (string, error)
	// Suspects lists what bad has and good has not, best to try first, bad last.
	Suspects(ctx context.Context, bad string, good []string) ([]string, error)
	// Trials runs trials until enough, called before each with the complete ones,
	// returns true. The error is a *CannotRun if the kernel cannot be built, or
	// cannot run the scenario.
	Trials(ctx context.Context, w Work, enough func([]store.Trial) bool) (run string, trials []store.Trial, err error)
}

// CannotRun is the error of a commit that cannot be judged.
type CannotRun struct{ Why string }

func (c *CannotRun) Error() string { return c.Why }

// Verdict is the result of a step.
type Verdict string

const (
	Good Verdict = "good"
	Bad  Verdict = "bad"
	Skip Verdict = "skip"
)

// Step is one commit that was tried.
type Step struct {
	Commit  string  `json:"commit"`
	Title   string  `json:"title"`
	Verdict Verdict `json:"verdict"`
	Why     string  `json:"why,omitempty"` // of a skip
	Tally
	Control string `json:"control,omitempty"` // what the control did, in words
	// Wrong is the chance that a commit judged good is bad.
	Wrong   float64         `json:"wrong,omitempty"`
	Left    int             `json:"left"` // suspects after it
	Runs    []store.RunName `json:"runs"` // in the results directory
	Seconds float64         `json:"seconds"`
}

// Found is how a bisection ended.
type Found struct {
	Culprit    string   `json:"culprit,omitempty"` // full name; "" if there is none
	Title      string   `json:"title,omitempty"`
	Among      []string `json:"among,omitempty"`   // the culprit is one of these: the others were skipped
	Problem    string   `json:"problem,omitempty"` // why nothing was found
	Confidence float64  `json:"confidence"`
}

// State is the progress of a bisection: all that it needs to resume.
type State struct {
	Format  int      `json:"format"`
	Request Request  `json:"request"`
	Wanted  []string `json:"wanted,omitempty"` // hangs that make a commit bad
	BadEnd  *Step    `json:"bad_end,omitempty"`
	GoodEnd *Step    `json:"good_end,omitempty"`
	Steps   []Step   `json:"steps"`
	Found   *Found   `json:"found,omitempty"`
	path    string
}

// Check returns what is wrong with a request, in one line.
func (r Request) Check() error {
	switch {
	case len(r.Good) == 0 || r.Bad == "":
		return fmt.Errorf("a bisection needs a good and a bad commit")
	case r.Confidence <= 0.5 || r.Confidence >= 1:
		return fmt.Errorf("confidence is %g, want more than 0.5 and less than 1", r.Confidence)
	case r.Probe < enoughHangs:
		return fmt.Errorf("probe is %d, want at least %d", r.Probe, enoughHangs)
	}
	return nil
}
