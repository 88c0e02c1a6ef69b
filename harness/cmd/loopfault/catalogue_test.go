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
	cells := matrixCells(ctx, t, results, append([]string{"--variant", "quick"}, groups...)...)
	require.NotEmpty(t, cells)
	var again []string
	for _, c := range cells {
		if c.State == matrix.Done && c.Row.Verdicts[verdict.Inconclusive] == 1 {
			t.Logf("%s is run once more: %v", c.Ref, c.Row.Reasons) // a busy host leaves few calls in a quick trial, or none
			again = append(again, fmt.Sprint(c.Ref))
			continue
		}
		assertExercised(t, c)
	}
	if len(again) > 0 {
		for _, c := range matrixCells(ctx, t, results, again...) {
			assertExercised(t, c)
		}
	}
	assertNoQEMU(t, results)
}

// matrixCells runs one trial in each cell of a matrix.
func matrixCells(ctx context.Context, t *testing.T, results string, args ...string) []matrix.Cell {
	t.Helper()
	out, err := loopfault(ctx, t, append([]string{"matrix", "--trials", "1", "--json", "--results", results}, args...)...).Output()
	var exit *exec.ExitError
	require.True(t, err == nil || errors.As(err, &exit) && exit.ExitCode() < exitUsage, "%v", err)
	var rec matrix.Record
	require.NoError(t, json.Unmarshal(out, &rec))
	return rec.Cells
}

func assertExercised(t *testing.T, c matrix.Cell) {
	t.Helper()
	if !assert.Equal(t, matrix.Done, c.State, "%s: %s", c.Ref, c.Why) {
		return
	}
	well := c.Row.Verdicts[verdict.Clean]
	if strings.HasPrefix(fmt.Sprint(c.Ref), "nlm-locks") { // docs/findings/nlm-grants.md
		well += c.Row.Verdicts[verdict.Stall]
	}
	assert.Equal(t, 1, well, "%s: %v %v %v", c.Ref, c.Row.Verdicts, c.Row.Titles, c.Row.Reasons)
	assert.Equal(t, 1, c.Row.Exercised, c.Ref)
}
