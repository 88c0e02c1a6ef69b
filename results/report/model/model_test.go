package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/report/fakerun"
	"loopfault/results/report/model"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

func TestEachSignatureOnce(t *testing.T) {
	r := fakerun.Model(t, fakerun.Spec{Trials: 60, Signatures: 4})
	require.Len(t, r.Findings, 5, "four on stock, one on the control")
	assert.True(t, r.Findings[4].Wanted, "the control's comes last")
	hung := 0
	for _, f := range r.Findings {
		hung += len(f.Trials)
		assert.Equal(t, f.First.N, f.Trials[0])
		require.NotNil(t, f.Stack)
		assert.Contains(t, f.Stack.Text(), "nfs4_evict_inode+0x10/0x200\n")
		assert.Contains(t, f.Console, "blocked for more than")
		require.NotNil(t, f.Why)
		assert.Contains(t, f.Files, "evidence/stacks.txt")
		assert.Contains(t, f.Injected, "Faults were injected: ")
	}
	want := 0
	for _, trial := range r.Trials {
		if trial.Verdict.Kind == verdict.Hang {
			want++
		}
	}
	assert.Equal(t, want, hung)
	assert.Equal(t, summary.Found, r.Outcome)
	assert.Regexp(t, `^stock hung in \d+ of \d+ trials: .* at 95 % confidence; no hang in \d+ trials of fixed: less than .* better \(p = `, r.Sentence)
}

func TestTimelineHasAllRows(t *testing.T) {
	r := fakerun.Model(t, fakerun.Spec{Trials: 20, Signatures: 1})
	l := r.Findings[0].Timeline
	require.NotNil(t, l)
	assert.Equal(t, 8.0, l.From)
	assert.Equal(t, 25.0, l.To)
	assert.Equal(t, []model.Span{{From: 12.5, To: 25, Text: "umount"}}, l.Blocked)
	assert.Len(t, l.Landed, 20)
	assert.Equal(t, 10.5, l.Landed[0])
	assert.Len(t, l.Rate, 15)
	assert.Positive(t, l.Rate[0].PerSecond)
	assert.Zero(t, l.Rate[10].PerSecond, "it hangs by then")
	assert.Len(t, l.Faults, 1)
	assert.Len(t, l.Pressure, 1)
	require.Len(t, r.Samples, 2, "stock and fixed; every trial of the control hung")
}

func TestEmptyRun(t *testing.T) {
	r := fakerun.Model(t, fakerun.Spec{})
	assert.Equal(t, "No conclusion yet: no trial is complete.", r.Sentence)
	assert.Equal(t, summary.Inconclusive, r.Outcome)
	assert.Empty(t, r.Findings)
}

func TestFilesThatAreMissingMakeItPoorer(t *testing.T) {
	m, trials := fakerun.Manifest(fakerun.Spec{}), fakerun.Trials(fakerun.Spec{Trials: 20, Signatures: 1})
	nowhere := store.Stored{Run: &store.Run{Dir: t.TempDir(), Name: "r"}, Manifest: m, Trials: trials}
	r := model.Read(nowhere, model.Options{})
	require.NotEmpty(t, r.Findings)
	assert.Nil(t, r.Findings[0].Stack)
	assert.Nil(t, r.Findings[0].Timeline)
}

func TestCommandsRunItAgain(t *testing.T) {
	r := fakerun.Model(t, fakerun.Spec{Trials: 20, Signatures: 1})
	assert.Equal(t, []string{"loopfault kernel build stock fixed control", "loopfault image build",
		"loopfault compare made-up --arm stock=stock --arm fixed=fixed --control control=control --seed 42"}, r.Commands)
	f := r.Findings[0]
	require.Len(t, f.Commands, 3)
	assert.Regexp(t, `^loopfault run made-up --kernel stock --trial-seed \d+ --trials 10 --until hang$`, f.Commands[2])
}

// A kernel of one's own is built as it was, and the run goes on with it.
// A scenario of the user's own is run again from the copy beside the run, with what was chosen of it.
func TestCommandsRunAFileAgain(t *testing.T) {
	m := store.Manifest{Name: "mine:quick,fault-backend=callsite", Command: []string{"loopfault", "run", "my dir/mine.yaml:quick", "--fault-backend", "callsite"}, Arms: []store.Arm{{Name: "stock", Kernel: "stock"}}}
	hang := store.Trial{Planned: store.Planned{N: 1, Arm: "stock", Seed: 7}}
	hang.Verdict.Kind, hang.Signature, hang.Title = verdict.Hang, "v1:x", "INFO: task hung in x"
	f := model.Of("r", m, []store.Trial{hang}).Findings[0]
	assert.Equal(t, "loopfault run scenario.yaml:quick,fault-backend=callsite --kernel stock --trial-seed 7 --trials 10 --until hang", f.Commands[len(f.Commands)-1])
}

func TestCommandsBuildKernelsOfOnesOwn(t *testing.T) {
	m := fakerun.Manifest(fakerun.Spec{})
	m.Arms[0].Build = [][]string{{"loopfault", "kernel", "build", "stock"}}
	m.Arms[1].Build = [][]string{{"git", "worktree", "add", "d", "1234"}, {"loopfault", "kernel", "build", "fixed", "--source", "d", "--patch", "my fix.patch"}}
	assert.Equal(t, []string{"loopfault kernel build stock control", "git worktree add d 1234",
		"loopfault kernel build fixed --source d --patch 'my fix.patch'", "loopfault image build"}, model.Of("r", m, nil).Commands[:4])
}

func TestStackOfNobodyInParticular(t *testing.T) {
	assert.Equal(t, "umount", model.Stack{Comm: "umount"}.Who())
	assert.Equal(t, "a task of the workload", model.Stack{}.Who())
}

// What a control hung for is told after what nobody planted, and the first trial of a hang is one of a plain kernel.
func TestPlainKernelsComeFirst(t *testing.T) {
	m := fakerun.Manifest(fakerun.Spec{})
	trial := func(n int, arm string) store.Trial {
		t := store.Trial{Planned: store.Planned{N: n, Arm: arm}}
		t.Verdict = verdict.Verdict{Kind: verdict.Hang, Signature: "s", Title: "t"}
		return t
	}
	r := model.Of("r", m, []store.Trial{trial(1, "control"), trial(2, "stock"), trial(3, "stock")})
	require.Len(t, r.Findings, 1)
	assert.Equal(t, 2, r.Findings[0].First.N)
	assert.False(t, r.Findings[0].Wanted)
	assert.Equal(t, []int{1, 2, 3}, r.Findings[0].Trials)
}
