package campaign_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// victimEnv makes the test program a campaign on the named results directory,
// which goes on with the run there or starts one.
const victimEnv = "LOOPFAULT_TEST_CAMPAIGN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimEnv); dir != "" {
		if err := beCampaign(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// quickRunner has no guests: what is killed here is the book-keeping. Its trials
// leave evidence in pieces, as real ones do, and their outcome follows from the
// plan.
type quickRunner struct{}

func (quickRunner) Room() error { return nil }

func (quickRunner) Trial(ctx context.Context, p store.Planned, dir string, _ func(string)) (store.Trial, []kernelreport.Report, error) {
	f, err := os.Create(filepath.Join(dir, "console.log"))
	if err != nil {
		return store.Trial{}, nil, err
	}
	defer f.Close()
	for range 3 {
		if _, err := fmt.Fprintf(f, "%d %d\n", p.N, p.Seed); err != nil {
			return store.Trial{}, nil, err
		}
		time.Sleep(time.Duration(p.Seed % uint64(time.Millisecond)))
	}
	return outcomeOf(p), nil, ctx.Err()
}

func outcomeOf(p store.Planned) store.Trial {
	t := store.Trial{Planned: p, WorkSeconds: 1}
	t.Exercised, t.Landed = int64(p.Seed%100), 1
	t.Verdict.Kind = verdict.Clean
	if p.Arm == "control" || p.Arm == "b" && p.Seed%4 == 0 {
		t.Verdict.Kind = verdict.Hang
	}
	return t
}

func killSpec() campaign.Spec {
	return campaign.Spec{
		Arms:  []campaign.Arm{{Name: "a"}, {Name: "b"}, {Name: "control", Control: true}},
		Terms: store.Terms{Trials: 60, Seed: 11}, Jobs: 2, Text: []byte("name: kill\n"),
	}
}

func beCampaign(dir string) error {
	st, err := store.Open(dir)
	if err != nil {
		return err
	}
	quiet := func(campaign.Event) {}
	stored, err := st.Load("latest")
	if err != nil {
		_, err = campaign.Run(context.Background(), st, killSpec(), quickRunner{}, quiet)
		return err
	}
	_, err = campaign.Resume(context.Background(), stored, killSpec(), quickRunner{}, quiet)
	return err
}

// Killed at 60 random moments, and each time gone on with, a campaign comes to
// the same as one that nobody disturbed.
func TestKilledCampaignComesToTheSame(t *testing.T) {
	dir := t.TempDir()
	st, err := store.Open(dir)
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(1, 2))
	kills := 0
	for kills < 60 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), victimEnv+"="+dir)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		require.NoError(t, cmd.Start())
		died := make(chan error, 1)
		go func() { died <- cmd.Wait() }()
		through := false
		select {
		case <-time.After(time.Duration(rng.Int64N(int64(80 * time.Millisecond)))):
			_ = cmd.Process.Kill() // it may come to its end just now
			err = <-died
			through = err == nil
		case err = <-died:
			through = true
		}
		if through {
			require.NoError(t, err, stderr.String())
			// It was through: the rest of the kills hit a campaign of its own.
			checkWhole(t, st)
			require.NoError(t, os.RemoveAll(dir))
			st, err = store.Open(dir)
			require.NoError(t, err)
		} else {
			kills++
		}
		checkNoHalves(t, dir)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimEnv+"="+dir)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	checkWhole(t, st)
}

// checkNoHalves: a trial that has a verdict has all of its evidence.
func checkNoHalves(t *testing.T, dir string) {
	t.Helper()
	verdicts, err := filepath.Glob(filepath.Join(dir, "*", "trials", "*", "verdict.json"))
	require.NoError(t, err)
	for _, v := range verdicts {
		if filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(v)))) == "latest" {
			continue
		}
		text, err := os.ReadFile(v)
		require.NoError(t, err)
		var trial store.Trial
		require.NoError(t, json.Unmarshal(text, &trial))
		console, err := os.ReadFile(filepath.Join(filepath.Dir(v), "console.log"))
		require.NoError(t, err)
		assert.Equal(t, strings.Repeat(fmt.Sprintf("%d %d\n", trial.N, trial.Seed), 3), string(console))
		assert.FileExists(t, filepath.Join(filepath.Dir(v), "reports.json"))
	}
}

func checkWhole(t *testing.T, st *store.Store) {
	t.Helper()
	stored, err := st.Load("latest")
	require.NoError(t, err)
	var want []store.Trial
	for p := range killSpec().Plan().All() {
		trial := outcomeOf(p)
		trial.Attempts = 1
		want = append(want, trial)
	}
	require.Equal(t, want, stored.Trials)

	expected, err := json.Marshal(summary.Of(stored.Manifest, want))
	require.NoError(t, err)
	got, err := os.ReadFile(filepath.Join(stored.Dir, "summary.json"))
	require.NoError(t, err)
	assert.JSONEq(t, string(expected), string(got))
}
