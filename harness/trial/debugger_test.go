package trial_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/faults"
	"loopfault/faults/faulttest"
	"loopfault/harness/guest"
	"loopfault/harness/scenario"
	"loopfault/harness/trial"
	"loopfault/results/verdict"
)

// The fault that works from outside keeps the contract, hits the call that failslab
// hits, and says who made it.
func TestCallsiteKeepsItsContractOnARealGuest(t *testing.T) {
	s := spec(t, bench.stock)
	machine := trial.MachineOf(s.Scenario, s.Kernel, s.Image, s.Guest.Timeouts)
	machine.Devices = []guest.Device{guest.GDB{KASLR: true}}
	g, agent := bootMachine(t, machine, s)
	_, err := agent.BringUp(t.Context(), s.Scenario.BringUp())
	require.NoError(t, err)
	target, history := trial.Debug(t, g, agent, bench.options.Timeouts)
	site := faults.Callsite{Function: "pnfs_send_layoutreturn", Call: 1, Choice: faults.Choice{Probability: 100, Times: 1000}}
	faulttest.Contract(t, target, site.Fault(), func(ctx context.Context) { script(ctx, t, agent, twoCredentials) })
	said := history()
	assert.Equal(t, 1, strings.Count(said, "\n"), "each run calls it once, and one was armed: %s", said)
	assert.Contains(t, said, `pnfs_send_layoutreturn → kzalloc #1`)
	assert.Regexp(t, `"comm":"(bash|sh|setpriv)","pid":[1-9]`, said)
	assert.Contains(t, said, `"pnfs_roc+0x`, "who called")
	script(t.Context(), t, agent, twoCredentials) // nothing is left of it
}

// From a snapshot it lands as well: nothing of it is in the snapshot.
func TestCallsiteLandsInARestoredGuest(t *testing.T) {
	s := spec(t, bench.stock)
	run := s.Scenario.Run
	var err error
	s.Scenario, _, err = scenario.Find("pnfs-layoutreturn-enomem:fault-backend=callsite")
	require.NoError(t, err)
	s.Scenario.Run, s.Scenario.Export.Delegations = run, new(bool)
	p, err := trial.Prepare(t.Context(), s, quiet)
	require.NoError(t, err)
	defer p.Close()
	s.Dir, s.Warm = trialDir(t), p
	got, _, err := trial.Run(t.Context(), s, quiet)
	require.NoError(t, err)
	assert.NotEqual(t, verdict.Error, got.Verdict.Kind, "%+v", got.Verdict)
	assert.Positive(t, got.Landed)
	assert.Equal(t, got.Landed, got.Proofs["callsite/pnfs_send_layoutreturn#1/failed"])
	assert.GreaterOrEqual(t, got.Exercised, got.Landed, "what failed was called")
	history, err := os.ReadFile(s.Dir + "/history.jsonl")
	require.NoError(t, err)
	assert.EqualValues(t, got.Landed, strings.Count(string(history), `"what":"failed","detail":"pnfs_send_layoutreturn`), "each hit is told of")
}
