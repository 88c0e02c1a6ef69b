package campaign_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/campaign"
	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// scripted runs trials whose outcome the test says.
type scripted struct {
	room  func() error
	trial func(p store.Planned) (store.Trial, error)
	ran   atomic.Int64
}

func (s *scripted) Room() error {
	if s.room == nil {
		return nil
	}
	return s.room()
}

func (s *scripted) Trial(_ context.Context, p store.Planned, _ string, _ func(string)) (store.Trial, []kernelreport.Report, error) {
	s.ran.Add(1)
	t, err := s.trial(p)
	t.Planned = p
	return t, nil, err
}

func of(k verdict.Kind) store.Trial {
	t := store.Trial{}
	t.Verdict.Kind = k
	return t
}

func quiet(campaign.Event) {}

func run(t *testing.T, spec campaign.Spec, r campaign.Runner) (*store.Store, campaign.Outcome, error) {
	t.Helper()
	st, err := store.Open(t.TempDir())
	require.NoError(t, err)
	out, err := campaign.Run(t.Context(), st, spec, r, quiet)
	return st, out, err
}

func resume(t *testing.T, st *store.Store, spec campaign.Spec, r campaign.Runner) (campaign.Outcome, error) {
	t.Helper()
	stored, err := st.Load("latest")
	require.NoError(t, err)
	return campaign.Resume(t.Context(), stored, spec, r, quiet)
}

func twoArms() campaign.Spec {
	return campaign.Spec{Arms: []campaign.Arm{{Name: "a"}, {Name: "b"}}, Terms: store.Terms{Trials: 20, Seed: 1}, Jobs: 2}
}

func TestHostWithoutRoomStopsTheCampaignAndLosesNothing(t *testing.T) {
	full := &campaign.NoRoom{Of: "disk space", LeftMiB: 3}
	asked := 0
	r := &scripted{
		trial: func(store.Planned) (store.Trial, error) { return of(verdict.Clean), nil },
		room: func() error {
			if asked++; asked > 10 {
				return full
			}
			return nil
		},
	}
	spec := twoArms()
	spec.Jobs = 1
	st, out, err := run(t, spec, r)
	require.ErrorIs(t, err, full)
	assert.False(t, out.Complete)
	assert.Equal(t, 5, out.Summary.Arms[0].Trials+out.Summary.Arms[1].Trials, "asked before and after each")

	r.room = nil
	out, err = resume(t, st, spec, r)
	require.NoError(t, err)
	assert.True(t, out.Complete)
	assert.EqualValues(t, 40, r.ran.Load(), "no trial ran twice")
	assert.Equal(t, 20, out.Summary.Arms[0].Trials)
}

func TestHarnessFailuresAreRetriedCountedAndBounded(t *testing.T) {
	tries := map[int]int{}
	r := &scripted{trial: func(p store.Planned) (store.Trial, error) {
		tries[p.N]++
		if p.N == 4 && tries[4] == 1 {
			return of(verdict.Error), nil
		}
		if p.N >= 10 {
			bad := of(verdict.Error)
			bad.Reason = "qemu was killed"
			return bad, nil
		}
		return of(verdict.Clean), nil
	}}
	spec := twoArms()
	spec.Jobs = 1
	st, out, err := run(t, spec, r)
	require.ErrorContains(t, err, "3 trials in a row: qemu was killed")
	assert.Equal(t, map[int]int{1: 1, 2: 1, 3: 1, 4: 2, 5: 1, 6: 1, 7: 1, 8: 1, 9: 1, 10: 2, 11: 2, 12: 2}, tries)
	errs, retried := 0, 0
	for _, a := range out.Summary.Arms {
		errs += a.Verdicts[verdict.Error]
		retried += a.Retried
	}
	assert.Equal(t, 3, errs)
	assert.Equal(t, 4, retried)

	r.trial = func(store.Planned) (store.Trial, error) { return of(verdict.Clean), nil }
	out, err = resume(t, st, spec, r)
	require.NoError(t, err)
	assert.Equal(t, 20, out.Summary.Arms[0].Verdicts[verdict.Clean], "failed trials are tried anew")
	assert.Equal(t, 20, out.Summary.Arms[1].Verdicts[verdict.Clean])
}

func TestUntilHangPassesOverControls(t *testing.T) {
	spec := twoArms()
	spec.Until, spec.Jobs = store.UntilHang, 1
	spec.Arms = append(spec.Arms, campaign.Arm{Name: "c", Control: true})
	_, out, err := run(t, spec, &scripted{trial: func(p store.Planned) (store.Trial, error) {
		if p.Arm == "c" || p.N == 9 {
			return of(verdict.Hang), nil
		}
		return of(verdict.Clean), nil
	}})
	require.NoError(t, err)
	assert.True(t, out.Complete)
	sum := 0
	for _, a := range out.Summary.Arms {
		sum += a.Trials
	}
	assert.Equal(t, 9, sum)
}

func TestControlThatDidNotHangIsTriedAgain(t *testing.T) {
	var controls []int
	hangs := 0
	r := &scripted{trial: func(p store.Planned) (store.Trial, error) {
		if p.Arm != "c" {
			return of(verdict.Clean), nil
		}
		if controls = append(controls, p.N); len(controls) == hangs {
			return of(verdict.Hang), nil
		}
		return of(verdict.Clean), nil
	}}
	spec := twoArms()
	spec.Trials, spec.Jobs = 2, 1
	spec.Arms = append(spec.Arms, campaign.Arm{Name: "c", Control: true}, campaign.Arm{Name: "n", NoFault: true})
	spec.Arms[2], spec.Arms[3] = spec.Arms[3], spec.Arms[2]

	hangs = 4
	_, out, err := run(t, spec, r)
	require.NoError(t, err)
	assert.Len(t, controls, 4)
	assert.Greater(t, controls[2], spec.Plan().Count(), "when all others are through")
	assert.Equal(t, summary.Clean, summary.Judge(out.Summary))

	controls, hangs = nil, -1
	st, out, err := run(t, spec, r)
	require.NoError(t, err)
	assert.Len(t, controls, 2+4)
	assert.Equal(t, summary.Inconclusive, summary.Judge(out.Summary))
	out, err = resume(t, st, spec, r)
	require.NoError(t, err)
	assert.True(t, out.Complete)
	assert.Len(t, controls, 2+4, "it had its trials")

	controls = nil
	spec.ReplayOf = "x/1"
	_, _, err = run(t, spec, r)
	require.NoError(t, err)
	assert.Len(t, controls, 2, "a replay is about one trial")
}

func TestUntilDifferenceStopsEarlyWhenThereIsOne(t *testing.T) {
	spec := twoArms()
	spec.Until, spec.Trials = store.UntilDifference, 200
	_, out, err := run(t, spec, &scripted{trial: func(p store.Planned) (store.Trial, error) {
		if p.Arm == "b" {
			return of(verdict.Hang), nil
		}
		return of(verdict.Clean), nil
	}})
	require.NoError(t, err)
	assert.Less(t, out.Summary.Arms[0].Trials, 15)
	assert.EqualValues(t, "worse", out.Summary.Comparisons[0].Word)
	assert.Equal(t, summary.Found, summary.Judge(out.Summary))
}

// Time that was worked counts, time between two processes does not.
func TestTimeBoundGoesOnAfterAResume(t *testing.T) {
	spec := twoArms()
	spec.Trials, spec.For, spec.Jobs = 0, store.Duration(3*time.Second), 1
	stop := errors.New("stop")
	r := &scripted{}
	r.trial = func(store.Planned) (store.Trial, error) {
		time.Sleep(50 * time.Millisecond)
		if r.ran.Load() == 3 {
			return store.Trial{}, stop
		}
		return of(verdict.Clean), nil
	}
	st, _, err := run(t, spec, r)
	require.ErrorIs(t, err, stop)
	time.Sleep(spec.For.D())
	out, err := resume(t, st, spec, r)
	require.NoError(t, err)
	assert.True(t, out.Complete)
	assert.Greater(t, r.ran.Load(), int64(4), "there was time left")
	before := r.ran.Load()
	_, err = resume(t, st, spec, r)
	require.NoError(t, err)
	assert.Equal(t, before, r.ran.Load(), "there is none any more")
}

func TestTwoProcessesCannotWorkOnOneRun(t *testing.T) {
	st, _, err := run(t, twoArms(), &scripted{trial: func(store.Planned) (store.Trial, error) { return of(verdict.Clean), nil }})
	require.NoError(t, err)
	stored, err := st.Load("latest")
	require.NoError(t, err)
	j, err := stored.Journal()
	require.NoError(t, err)
	_, err = resume(t, st, twoArms(), &scripted{})
	require.ErrorIs(t, err, store.ErrBusy)
	require.NoError(t, j.Close())
}

func TestEachTrialHasItsRecipe(t *testing.T) {
	_, out, err := run(t, twoArms(), &scripted{trial: func(store.Planned) (store.Trial, error) { return of(verdict.Clean), nil }})
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(out.Run.TrialDir(7), "reproduce.sh"))
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(text), "#!/bin/sh\n"))
	self, err := os.Executable()
	require.NoError(t, err)
	assert.Contains(t, string(text), "program="+self+" ", "where the program is that ran it")
	assert.Contains(t, string(text), `exec "$program" replay `)
}
