package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/guest/guesttest"
	"loopfault/harness/matrix"
	"loopfault/results/verdict"
)

// Every scenario of the group really does on a stock kernel what it is there
// for, and the kernel comes through it.
func TestScenariosExerciseWhatTheyAreAbout(t *testing.T) {
	withAgent(t)
	groups := []string{"--group", "quick"}
	bound := 15 * time.Minute
	if guesttest.All() {
		groups, bound = []string{"--group", "quick,auto,control,soak"}, time.Hour
	}
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	results := t.TempDir()
	args := append([]string{"matrix", "--variant", "quick", "--trials", "1", "--json", "--results", results}, groups...)
	out, err := loopfault(ctx, t, args...).Output()
	var exit *exec.ExitError
	require.True(t, err == nil || errors.As(err, &exit) && exit.ExitCode() < exitUsage, "%v", err)
	var rec matrix.Record
	require.NoError(t, json.Unmarshal(out, &rec))
	require.NotEmpty(t, rec.Cells)
	for _, c := range rec.Cells {
		if assert.Equal(t, matrix.Done, c.State, "%s: %s", c.Ref, c.Why) {
			well := c.Row.Verdicts[verdict.Clean]
			if strings.HasPrefix(fmt.Sprint(c.Ref), "nlm-locks") { // docs/findings/nlm-grants.md
				well += c.Row.Verdicts[verdict.Stall]
			}
			assert.Equal(t, 1, well, "%s: %v %v %v", c.Ref, c.Row.Verdicts, c.Row.Titles, c.Row.Reasons)
			assert.Equal(t, 1, c.Row.Exercised, c.Ref)
		}
	}
	assertNoQEMU(t, results)
}
