package trial

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/faults"
	"loopfault/harness/control"
	"loopfault/harness/guest"
	"loopfault/harness/timeouts"
	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/workloads/wire"
)

// Shown, and the options that a running kernel shows signs of.
var (
	Shown  = shown
	Signed = slices.Sorted(maps.Keys(signs))
)

// Debug gives a guest of a test as faults see it that stop processors, and what its
// history came to.
func Debug(t *testing.T, g *guest.Guest, agent *control.Client, budgets timeouts.Timeouts) (target faults.Target, history func() string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.jsonl")
	h, err := newHistory(path)
	require.NoError(t, err)
	session, err := g.Debug(t.Context())
	require.NoError(t, err)
	d := &debugged{agent, session, newNotes(agent, h)}
	return d, func() string {
		ctx, cancel := context.WithTimeout(t.Context(), budgets.Step)
		defer cancel()
		assert.NoError(t, session.Close(ctx))
		d.notes.close(ctx)
		require.NoError(t, h.close())
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		return string(text)
	}
}

// RunHasty is Run, but the umount is given up as soon as it has begun.
func RunHasty(ctx context.Context, spec Spec) (store.Trial, []kernelreport.Report, error) {
	var t *trial
	var step time.Duration
	t, err := newTrial(spec, func(phase string) {
		switch phase {
		case PhaseUmount:
			step, t.budgets.Step = t.budgets.Step, 1
		case PhaseEvidence:
			t.budgets.Step = step
		}
	})
	if err != nil {
		return store.Trial{}, nil, err
	}
	return t.runAndJudge(ctx)
}

// RunFrozen is Run, but the exported file system is frozen once, soon after the work began, until evidence is collected. A trial that
// goes on begins its work again.
func RunFrozen(ctx context.Context, spec Spec) (store.Trial, []kernelreport.Report, error) {
	var t *trial
	var once sync.Once
	freezer := func(flag string) {
		_, err := t.agent.Exec(ctx, wire.Exec{Argv: []string{"fsfreeze", flag, wire.ExportRoot}, Timeout: wire.Duration(t.budgets.Step)})
		if err != nil {
			t.history.add(entry{Type: "guest", What: "fsfreeze " + flag, Detail: err.Error()})
		}
	}
	t, err := newTrial(spec, func(phase string) {
		switch phase {
		case PhaseWork:
			once.Do(func() { time.AfterFunc(3*time.Second, func() { freezer("-f") }) })
		case PhaseEvidence:
			freezer("-u")
		}
	})
	if err != nil {
		return store.Trial{}, nil, err
	}
	return t.runAndJudge(ctx)
}
