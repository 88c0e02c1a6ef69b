package trial_test

import (
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/trial"
	"loopfault/results/verdict"
	"loopfault/workloads/wire"
)

// A guest that the host stops for a time falls silent as one that hangs does. It is no
// hang, since it continues.
func TestGuestThatSpeaksAgainDidNotHang(t *testing.T) {
	s := spec(t, bench.stock)
	s.Scenario.Run = wire.Duration(time.Minute)
	var stopped sync.WaitGroup
	signal := func(sig syscall.Signal) {
		for _, pid := range qemus(t) {
			assert.NoError(t, syscall.Kill(pid, sig))
		}
	}
	got, _, err := trial.Run(t.Context(), s, func(phase string) {
		switch phase {
		case trial.PhaseWork:
			stopped.Go(func() {
				time.Sleep(3 * time.Second) // the load has begun
				signal(syscall.SIGSTOP)
			})
		case trial.PhaseEvidence:
			stopped.Wait()
			signal(syscall.SIGCONT)
		}
	})
	require.NoError(t, err)
	require.Equal(t, verdict.Stall, got.Verdict.Kind, "%+v", got.Verdict)
	assert.Contains(t, got.Detectors, verdict.Silence)
	// Its clock has jumped, which its kernel may report: an RCU grace period, a sleep.
	assert.Subset(t, []string{verdict.Silence, verdict.Console, verdict.Khungtaskd}, got.Detectors)
	require.NotNil(t, got.Confirmed)
	assert.Equal(t, verdict.Back, got.Confirmed.How)
	assert.GreaterOrEqual(t, got.Confirmed.Lasted, s.Guest.Timeouts.Stall.Seconds(), "it was silent for as long as makes it look like a hang")
	assert.Empty(t, qemus(t))
}
