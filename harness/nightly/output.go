package nightly

import (
	"errors"
	"fmt"
	"io"

	"loopfault/harness/cells"
	"loopfault/harness/matrix"
	"loopfault/results/summary"
)

// Output is what nightly --json prints: the record of the night, and its result.
type Output struct {
	Record string            `json:"record"` // its file in the results directory
	Judged summary.Judgement `json:"judged"`
	*Night
	suite string // its file
	err   error  // that the night ended with
}

// Output is a night as it is printed, of a suite's file. err is what it ended with: it says how the night goes on.
func (n *Night) Output(suite string, err error) Output {
	return Output{n.Name(), Judge(n), n, suite, err}
}

// Fprint writes the night for people, and if it ended with an error how it goes on.
func (o Output) Fprint(w io.Writer) {
	o.Night.Fprint(w)
	if o.err != nil {
		by := ""
		if o.Engine != "" {
			by = " --engine " + string(o.Engine)
		}
		fmt.Fprintf(w, "not finished: loopfault nightly %s%s continues it\n", o.suite, by)
	}
	var elsewhere *cells.Elsewhere
	if errors.As(o.err, &elsewhere) {
		fmt.Fprint(w, elsewhere.Next)
	}
}

// None is what nightly --resume --json prints when there is nothing to resume.
type None struct {
	Record *string `json:"record"` // null
	suite  string
}

// NoneOf says that no night of a suite of that name was interrupted.
func NoneOf(suite string) None { return None{suite: suite} }

// Fprint writes it for people.
func (n None) Fprint(w io.Writer) { fmt.Fprintf(w, "no nightly of %s was interrupted\n", n.suite) }

// Planned is what nightly --dry-run --json prints.
type Planned struct {
	Cells []matrix.Cell `json:"cells"`
}

// Fprint writes the cells for people.
func (p Planned) Fprint(w io.Writer) {
	for _, c := range p.Cells {
		fmt.Fprintf(w, "%s on %s: %s %s\n", c.Ref, c.Kernel, c.State, c.Why)
	}
}
