package campaign

import (
	"errors"
	"fmt"
	"os"

	"al.essio.dev/pkg/shellescape"

	"loopfault/results/safefile"
	"loopfault/results/store"
	"loopfault/results/waitfor"
	"loopfault/results/waitfor/trialdir"
)

// explain writes who waits for whom beside its evidence, and returns it; none if
// there is too little evidence.
func (c *campaign) explain(n int) (waitfor.Explanation, error) {
	x, err := trialdir.Explain(c.stored.Run, n)
	if errors.Is(err, trialdir.ErrNoEvidence) {
		return waitfor.Explanation{}, nil
	}
	if err != nil {
		return x, err
	}
	run := c.stored.Run
	err = run.Write(store.TrialFile(n, "evidence/waitfor.txt"), []byte(x.Text()))
	return x, errors.Join(err, run.Write(store.TrialFile(n, "evidence/waitfor.svg"), x.Graph.SVG()))
}

// writeRecipe writes the command that reruns this one trial.
func writeRecipe(dir string) error {
	program, err := os.Executable()
	if err != nil {
		program = "loopfault"
	}
	const script = `#!/bin/sh
# Runs this trial again: same kernel, same scenario, same seed, as a run of its own.
program=%s # that ran it; elsewhere the one in $PATH
[ -x "$program" ] || program=loopfault
exec "$program" replay "$(dirname "$0")" "$@"
`
	return safefile.WriteIn(dir, "reproduce.sh", fmt.Appendf(nil, script, shellescape.Quote(program)), 0o755)
}
