package summary_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/known"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// A hang that is listed is shown and in no rate; others, and those of a control, count.
func TestKnownIssuesAreCountedApart(t *testing.T) {
	m := store.Manifest{
		Name: "s:quick", Started: time.Date(2026, 11, 29, 3, 0, 0, 0, time.UTC),
		Arms: []store.Arm{{Name: "stock", Kernel: "stock@7.3", Version: "7.3.4"}, {Name: "control", Kernel: "c", Version: "7.3.4", Control: true}},
	}
	listed := known.Issue{Signature: "v3:x", Scenario: "s", Kernel: "stock@*", From: "7.3", Reason: "reported", Until: "2026-11-29"}
	hang := func(n int, arm, signature string) store.Trial {
		return store.Trial{Planned: store.Planned{N: n, Arm: arm}, WorkSeconds: 10, Verdict: verdict.Verdict{
			Kind: verdict.Hang, Title: "INFO: task hung in " + signature, Signature: signature, Detectors: []string{verdict.TaskWatch},
		}}
	}
	trials := []store.Trial{hang(1, "control", "v3:x"), hang(2, "stock", "v3:x"), {Planned: store.Planned{N: 3, Arm: "stock"}, WorkSeconds: 10, Verdict: verdict.Verdict{Kind: verdict.Clean}}}

	without := summary.Of(m, trials)
	assert.Equal(t, summary.Found, summary.Judge(without))
	assert.Equal(t, 0.5, without.Arms[0].HangRate)

	m.Known = []known.Issue{listed}
	s := summary.Of(m, trials)
	assert.Equal(t, summary.Clean, summary.Judge(s))
	assert.Zero(t, s.Arms[0].HangRate)
	assert.Equal(t, 1, s.Arms[0].Known[verdict.Hang])
	assert.Equal(t, 1, s.Arms[0].Verdicts[verdict.Hang], "it is still shown")
	assert.Equal(t, "known until 2026-11-29: reported", s.Arms[0].Signatures[0].Known)
	assert.Equal(t, 1, s.Arms[1].Hung(), "a control is expected to hang, whatever is known")
	assert.Zero(t, *s.Arms[0].PerHour)
	assert.Contains(t, strings.Join(s.Notes, "\n"), "stock: 1 of 2 trials ended in a known issue and are left out of all rates: INFO: task hung in v3:x (known until 2026-11-29: reported).")

	another := summary.Of(m, append(trials, hang(4, "stock", "v3:y")))
	assert.Equal(t, summary.Found, summary.Judge(another))
	assert.InDelta(t, 1.0/3, another.Arms[0].HangRate, 1e-9)

	m.Known[0].Until = "2026-11-28"
	late := summary.Of(m, trials)
	require.Equal(t, summary.Found, summary.Judge(late))
	assert.Contains(t, strings.Join(late.Notes, "\n"), "The entry for known issue v3:x expired on 2026-11-28, so it counts again (reported).")
}

// One function may be where several hangs are reported: an entry that names what is waited
// for covers its own alone.
func TestAKnownResourceCoversOnlyWhatWaitsForIt(t *testing.T) {
	m := store.Manifest{
		Name: "s", Started: time.Date(2026, 11, 29, 3, 0, 0, 0, time.UTC),
		Arms: []store.Arm{{Name: "stock", Kernel: "stock", Version: "6.12.118"}},
	}
	m.Known = []known.Issue{{Resource: "session slots", Reason: "reported", Until: "2026-12-31"}}
	hang := func(n int, resource string) store.Trial {
		return store.Trial{Planned: store.Planned{N: n, Arm: "stock"}, WorkSeconds: 10, Resource: resource, Verdict: verdict.Verdict{
			Kind: verdict.Hang, Title: "INFO: task hung in f", Signature: "v3:f", Detectors: []string{verdict.TaskWatch},
		}}
	}
	s := summary.Of(m, []store.Trial{hang(1, "session slots"), hang(2, "PG_writeback of a folio"), hang(3, ""), hang(4, "session slots")})
	a := s.Arms[0]
	assert.Equal(t, 2, a.Known[verdict.Hang])
	assert.Equal(t, 2, a.Hung())
	require.Len(t, a.Signatures, 2)
	assert.Equal(t, "known until 2026-12-31: reported", a.Signatures[0].Known)
	assert.Equal(t, known.Hang{Signature: "v3:f", Resource: "session slots"}, a.Signatures[0].Hang())
	assert.Empty(t, a.Signatures[1].Known)
	assert.Equal(t, known.Hang{Signature: "v3:f"}, a.Signatures[1].Hang(), "its trials wait for different things")
}
