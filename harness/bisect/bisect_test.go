package bisect_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/bisect"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

func run(t *testing.T, h *history, r bisect.Request) (*bisect.State, []string) {
	t.Helper()
	h.trials = nil
	s, err := bisect.New(t.TempDir(), r, time.Now())
	require.NoError(t, err)
	var log []string
	require.NoError(t, bisect.Run(t.Context(), h, s, func(line string) { log = append(log, line) }))
	return s, append(log, s.Lines()...)
}

func TestFindsACertainHang(t *testing.T) {
	h := &history{last: 100, culprit: 37, rate: 1, control: 1}
	s, log := run(t, h, request(h))
	assert.Equal(t, name(37), s.Found.Culprit, strings.Join(log, "\n"))
	assert.GreaterOrEqual(t, s.Found.Confidence, .95)
	assert.LessOrEqual(t, len(s.Steps), 8)
	assert.Equal(t, 5, s.BadEnd.Trials, "five hangs tell enough")
	for _, step := range s.Steps {
		assert.LessOrEqual(t, step.Trials, 8)
		if step.Verdict == bisect.Good {
			assert.Equal(t, "the control hung in 1 of 1", step.Control)
			assert.Positive(t, step.Wrong)
			assert.Len(t, step.Runs, 2)
		} else {
			assert.Equal(t, 1, step.Trials, "one hang is enough")
			assert.Zero(t, step.Wrong)
		}
	}
	assert.Contains(t, log[len(log)-2], "first bad commit: "+name(37)+` "commit 37"`)
}

// Of 200 bugs that hang in 3 of 10 trials, no more than one in 20 is put on a wrong
// commit, as the confidence says.
func TestRareHangsAreFoundAsOftenAsItSays(t *testing.T) {
	wrong, trials, given := 0, 0, 0
	for seed := range uint64(200) {
		h := &history{last: 12, culprit: 1 + int(seed)%12, rate: .3, control: 1, seed: seed}
		s, _ := run(t, h, request(h))
		if s.Found.Problem != "" {
			given++
			continue
		}
		if s.Found.Culprit != name(h.culprit) {
			wrong++
		}
		for _, step := range s.Steps {
			trials += step.Trials
		}
	}
	assert.LessOrEqual(t, wrong, 10+4, "of 200, with a margin of 1.3 standard deviations")
	assert.Zero(t, given)
	assert.Greater(t, trials, 200*20, "silence takes many trials to be believed")
}

func TestAnotherHangIsNotBad(t *testing.T) {
	h := &history{last: 16, culprit: 11, rate: 1, other: .3, control: 1}
	r := request(h)
	r.Signatures = []string{"wanted0", "wanted1"}
	s, log := run(t, h, r)
	assert.Equal(t, name(11), s.Found.Culprit, strings.Join(log, "\n"))
	others := 0
	for _, step := range s.Steps {
		others += step.Others
	}
	assert.Positive(t, others)

	h = &history{last: 16, culprit: 17, other: 1, control: 1} // hangs everywhere, and not so
	s, log = run(t, h, request(h))
	assert.Empty(t, s.Found.Culprit)
	assert.Contains(t, s.Found.Problem, "the good end hangs in the same way", log)
	s, _ = run(t, h, r)
	assert.Contains(t, s.Found.Problem, "did not hang in 0 trials that count (60 trials, 60 hung in another way)")
}

func TestWhatDoesNotBuildIsSkipped(t *testing.T) {
	h := &history{last: 32, culprit: 28, rate: 1, control: 1}
	for n := 10; n < 23; n++ {
		h.broken = append(h.broken, n)
	}
	s, log := run(t, h, request(h))
	assert.Equal(t, name(28), s.Found.Culprit, strings.Join(log, "\n"))
	skips := 0
	for _, step := range s.Steps {
		if step.Verdict == bisect.Skip {
			skips++
			assert.Equal(t, "it does not build", step.Why)
		}
	}
	assert.Positive(t, skips)
	assert.Less(t, skips, 7, "it gets out of a range of 13")

	h.culprit, h.broken = 20, []int{18, 19, 20, 21}
	s, log = run(t, h, request(h))
	assert.Empty(t, s.Found.Culprit, "nobody can tell")
	assert.ElementsMatch(t, []string{name(18), name(19), name(20), name(21), name(22)}, s.Found.Among, strings.Join(log, "\n"))
}

func TestSilenceOfTheControlMakesNothingGood(t *testing.T) {
	h := &history{last: 8, culprit: 5, rate: 1, control: 0}
	s, log := run(t, h, request(h))
	assert.Empty(t, s.Found.Culprit)
	for _, step := range s.Steps {
		assert.NotEqual(t, bisect.Good, step.Verdict)
	}
	assert.Contains(t, strings.Join(log, "\n"), "but the control did not hang in 3 either")
	r := request(h)
	r.Control = ""
	s, _ = run(t, h, r)
	assert.Equal(t, name(5), s.Found.Culprit)
}

func TestEndsThatAreNone(t *testing.T) {
	h := &history{last: 8, culprit: 9, control: 1}
	s, _ := run(t, h, request(h))
	assert.Contains(t, s.Found.Problem, "the bad end did not hang in 60 trials")
	h = &history{last: 8, culprit: 0, rate: 1, control: 1}
	s, _ = run(t, h, request(h))
	assert.Contains(t, s.Found.Problem, "the good end hangs in the same way")
	h = &history{last: 8, culprit: 3, rate: 1, control: 1, broken: []int{8}}
	s, _ = run(t, h, request(h))
	assert.Contains(t, s.Found.Problem, "the bad end cannot be tried: it does not build")
}

func TestBadRequests(t *testing.T) {
	h := &history{last: 8}
	for _, c := range []struct {
		change func(*bisect.Request)
		want   string
	}{
		{func(r *bisect.Request) { r.Good = nil }, "needs a good and a bad commit"},
		{func(r *bisect.Request) { r.Confidence = 1 }, "confidence is 1, want"},
		{func(r *bisect.Request) { r.Probe = 1 }, "probe is 1, want at least 5"},
	} {
		r := request(h)
		c.change(&r)
		_, err := bisect.New(t.TempDir(), r, time.Now())
		assert.ErrorContains(t, err, c.want)
	}
	_, err := bisect.Open(t.TempDir(), store.Latest)
	assert.ErrorContains(t, err, "no bisect in")
}

// Whoever first runs into a bug is chance, and with it the signature.
func TestOneCauseUnderManySignatures(t *testing.T) {
	h := &history{last: 8, culprit: 6, rate: 1, control: 1}
	h.resource = "NFS_LAYOUT_RETURN"
	h.signature = func(n int) string { return fmt.Sprint("victim", n) }
	s, log := run(t, h, request(h))
	assert.Equal(t, name(6), s.Found.Culprit, strings.Join(log, "\n"))
	assert.Contains(t, s.Wanted, "lost wake-up: NFS_LAYOUT_RETURN")
}

func TestForGit(t *testing.T) {
	trials := func(kinds ...verdict.Kind) (list []store.Trial) {
		for _, k := range kinds {
			var trial store.Trial
			trial.Verdict.Kind, trial.Signature = k, "s"
			list = append(list, trial)
		}
		return list
	}
	assert.Equal(t, bisect.Bad, bisect.ForGit(nil, trials(verdict.Clean, verdict.Hang)))
	assert.Equal(t, bisect.Bad, bisect.ForGit([]string{"s"}, trials(verdict.Crash)))
	assert.Equal(t, bisect.Skip, bisect.ForGit([]string{"other"}, trials(verdict.Clean, verdict.Hang)))
	assert.Equal(t, bisect.Good, bisect.ForGit(nil, trials(verdict.Clean, verdict.Inconclusive)))
	assert.Equal(t, bisect.Skip, bisect.ForGit(nil, trials(verdict.Inconclusive, verdict.Error)))
	assert.Equal(t, bisect.Skip, bisect.ForGit(nil, nil))
}
