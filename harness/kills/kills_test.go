//go:build kills

package kills

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"loopfault/harness/guest/guesttest"
)

var (
	kills  = flag.Int("kills", 25, "times that each job is killed")
	within = flag.Duration("within", 20*time.Second, "kills come at random moments of this time after each start")
	seed   = flag.Uint64("seed", 1, "of the moments")
	nice   = flag.Int("nice", 0, "priority that loopfault runs with, as nice takes it")
	keep   = flag.String("results", "", "where results are kept; a temporary directory if empty")
	source = flag.String("source", "", "git repository of a kernel for the bisection, with -good, -bad and -bisect-scenario")
	good   = flag.String("good", "", "commit that does not hang")
	bad    = flag.String("bad", "", "later commit that hangs")
	hangs  = flag.String("bisect-scenario", "pnfs-layoutreturn-evict:quick", "scenario that hangs there, best in each trial")
)

// Bounds of a job that is not killed; of one that builds kernels, each may take half an hour beside other work.
const (
	patience      = 40 * time.Minute
	buildPatience = 3 * time.Hour
)

var bin string // directory of loopfault and its agent, built from this tree

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := prepared(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "nothing to kill:", err)
		code = 1
	}
	os.Exit(code)
}

func prepared(run func() int) (code int, err error) {
	if bin, err = os.MkdirTemp("", "kills-"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(bin)
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "loopfault"), "loopfault/harness/cmd/loopfault")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return 0, fmt.Errorf("build loopfault: %w", err)
	}
	if _, err := guesttest.Agent(context.Background(), bin); err != nil {
		return 0, err
	}
	return run(), nil
}

// job is something that takes a while, may be killed, and goes on.
type job struct {
	begin, goOn []string
	begun       func(results string) bool // there is something to go on with
	trials      int                       // of each run
	runs        int                       // that it comes to; 0 if that depends
	within      time.Duration             // as the flag, where a trial takes longer than that
	builds      bool                      // kernels, which takes much longer than its trials
}

// moment draws how long after a start a job is disturbed.
func (j job) moment(rng *rand.Rand) time.Duration {
	return time.Duration(rng.Int64N(int64(max(*within, j.within))))
}

// jobs are the kinds, as small as they can be with several runs and trials each.
func jobs(t *testing.T) map[string]job {
	t.Helper()
	short, err := guesttest.ShortScenario(t.TempDir())
	require.NoError(t, err)
	suite := filepath.Join(t.TempDir(), "suite.yaml")
	require.NoError(t, os.WriteFile(suite, []byte("name: kills\nbudget: 2h\ntrials: 2\ncontrols: false\nkeep: {nights: 2, free: 300MiB}\nkernels: [{name: stock}]\nscenarios: ['"+
		short+":a', '"+short+":b']\n"), 0o644))
	record := func(kind string) func(string) bool {
		return func(results string) bool {
			found, _ := filepath.Glob(filepath.Join(results, kind+"-*.json"))
			for _, path := range found {
				if st, err := os.Stat(path); err == nil && st.Size() > 0 {
					return true
				}
			}
			return false
		}
	}
	list := map[string]job{
		"campaign": {
			begin: []string{"run", short, "--kernel", "stock", "--trials", "4", "--seed", "5", "--jobs", "1"},
			goOn:  []string{"resume", "latest", "--jobs", "1"},
			begun: func(results string) bool {
				_, err := os.Stat(filepath.Join(results, "latest", "manifest.json"))
				return err == nil
			},
			trials: 4, runs: 1,
		},
		"matrix": {
			begin: []string{"matrix", short, "--variant", "a", "--variant", "b", "--kernel", "stock", "--trials", "2", "--seed", "5", "--jobs", "1"},
			goOn:  []string{"matrix", "--resume", "latest", "--jobs", "1"},
			begun: record("matrix"), trials: 2, runs: 2,
		},
		"nightly": {
			begin: []string{"nightly", suite, "--seed", "5", "--jobs", "1"},
			goOn:  []string{"nightly", suite, "--resume", "--jobs", "1"},
			begun: record("nightly-kills"), trials: 2, runs: 2,
		},
		"night on an engine": {
			begin: []string{"nightly", suite, "--engine", "local", "--seed", "5", "--jobs", "1"},
			goOn:  []string{"nightly", suite, "--engine", "local", "--resume", "--jobs", "1"},
			begun: record("nightly-kills"), trials: 2, runs: 2,
		},
	}
	if *source != "" {
		list["bisection"] = job{
			begin: []string{"bisect", *hangs, "--kernel-source", *source, "--good", *good, "--bad", *bad, "--seed", "5", "--jobs", "1"},
			goOn:  []string{"bisect", "--resume", "latest", "--jobs", "1"},
			begun: record("bisect"), within: 150 * time.Second, builds: true,
		}
	}
	return list
}

// Killed at random moments, and each time gone on with, a job comes to its end: no trial is lost, none is counted twice,
// no guest is left, and nothing in the directory for temporary files.
func TestKilledJobsLoseNothing(t *testing.T) {
	for name, j := range jobs(t) {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, j, filepath.Join(home(t), name))
			if j.builds { // once without a kill: else all of them hit the build of its first kernel
				_, died := w.start()
				w.ended(<-died)
				w.startOver()
			}
			rng := rand.New(rand.NewPCG(*seed, 1))
			through := 0
			for killed := 0; killed < *kills; {
				cmd, died := w.start()
				var err error
				select {
				case <-time.After(j.moment(rng)):
					_ = cmd.Process.Kill() // it may come to its end just now
					err = <-died
				case err = <-died:
				}
				if by := cmd.ProcessState.Sys().(syscall.WaitStatus); by.Signaled() && by.Signal() == syscall.SIGKILL {
					killed++
					t.Logf("kill %d of %d: %d trials have a verdict", killed, *kills, len(w.verdicts()))
				} else { // it was through: the other kills hit another one
					w.ended(err)
					w.whole()
					w.startOver()
					through++
				}
				w.looks()
			}
			_, died := w.start()
			w.ended(<-died)
			w.looks()
			w.whole()
			t.Logf("%s: killed %d times, came to its end %d times; half-written files that kills left: %d", name, *kills, through+1, w.leftovers())
		})
	}
}

func home(t *testing.T) string {
	if *keep != "" {
		return *keep
	}
	return t.TempDir()
}

// start begins a job, or goes on with it.
func (w *world) start() (*exec.Cmd, <-chan error) {
	w.t.Helper()
	args := w.job.begin
	if w.job.begun(w.results) {
		args = w.job.goOn
	}
	w.out.Reset()
	args = append([]string{"-n", fmt.Sprint(*nice), filepath.Join(bin, "loopfault")}, append(args, "--results", w.results)...)
	cmd := exec.Command("nice", args...)
	cmd.Env = append(os.Environ(), "TMPDIR="+w.tmp)
	cmd.Stdout, cmd.Stderr = &w.out, &w.out
	require.NoError(w.t, cmd.Start())
	died := make(chan error, 1)
	most := patience
	if w.job.builds {
		most = buildPatience
	}
	bound := time.AfterFunc(most, func() { _ = cmd.Process.Kill() })
	go func() { err := cmd.Wait(); bound.Stop(); died <- err }()
	return cmd, died
}

// startOver forgets what a job came to, so that the next start begins one.
func (w *world) startOver() {
	w.t.Helper()
	require.NoError(w.t, os.RemoveAll(w.results))
	w.seen = map[string]string{}
}

// ended wants an end of the job's own, whatever its guests did.
func (w *world) ended(err error) {
	w.t.Helper()
	const inconclusive = 2
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() && exit.ExitCode() <= inconclusive {
		return
	}
	require.NoError(w.t, err, w.out.String())
}
