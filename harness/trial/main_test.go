package trial_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"loopfault/harness/guest"
	"loopfault/harness/guest/guesttest"
	"loopfault/harness/scenario"
	"loopfault/harness/trial"
	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/vmimages/image"
	"loopfault/vmimages/kernel"
)

// bench is what all tests of this package boot.
var bench struct {
	stock, control kernel.Build
	image          image.Image
	options        guest.Options
	warm           struct {
		once     sync.Once
		prepared *trial.Prepared
		err      error
	}
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	flag.Parse()
	if testing.Short() {
		return m.Run()
	}
	ctx := context.Background()
	fixture, err := guesttest.New(ctx)
	if err == nil {
		defer fixture.Remove()
		err = fill(ctx, fixture)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "no guest to test with:", err)
		return 1
	}
	defer func() {
		if p := bench.warm.prepared; p != nil {
			p.Close()
		}
	}()
	return m.Run()
}

func fill(ctx context.Context, fixture *guesttest.Fixture) (err error) {
	if bench.stock, err = guesttest.Build(ctx, "stock"); err != nil {
		return err
	}
	if bench.control, err = guesttest.Build(ctx, "control-layout-ref-leak"); err != nil {
		return err
	}
	if bench.image, err = fixture.Image(ctx); err != nil {
		return err
	}
	choice, err := guesttest.Accel(ctx, bench.stock.BzImage)
	if err != nil {
		return err
	}
	bench.options = guest.Options{Accel: choice.Accel, Timeouts: choice.Timeouts(1)}
	return nil
}

// spec is a trial of the catalogue's first scenario, shortened. Its files are not delegated: a stock kernel may put their writes off
// for long (docs/findings/write-delegation.md).
func spec(t *testing.T, k kernel.Build) trial.Spec {
	t.Helper()
	guesttest.Needed(t)
	s, _, err := scenario.Find("pnfs-layoutreturn-enomem")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run.UnmarshalText([]byte("10s")); err != nil {
		t.Fatal(err)
	}
	s.Export.Delegations = new(bool)
	return trial.Spec{
		Scenario: s, Planned: store.Planned{N: 1, Arm: "test", Seed: 42},
		Kernel: k, Image: bench.image, Dir: trialDir(t), Guest: bench.options,
	}
}

// warmSpec is spec of the stock kernel, from one snapshot that all tests share which are not about booting.
func warmSpec(t *testing.T) trial.Spec {
	t.Helper()
	s, w := spec(t, bench.stock), &bench.warm
	w.once.Do(func() { w.prepared, w.err = trial.Prepare(t.Context(), s, quiet) })
	require.NoError(t, w.err)
	s.Dir, s.Warm = trialDir(t), w.prepared
	return s
}

// unstalled runs trials, one seed after the other, until one does not stall, three at most: of a stock kernel with layouts some one in
// ten does, over LAYOUTGETs that the server puts off (docs/findings/layout-recall-without-end.md).
func unstalled(t *testing.T, next func() trial.Spec) (trial.Spec, store.Trial, []kernelreport.Report) {
	t.Helper()
	for again := uint64(1); ; again++ {
		s := next()
		s.Planned.Seed += 100 * (again - 1)
		got, reports, err := trial.Run(t.Context(), s, quiet)
		require.NoError(t, err)
		if got.Verdict.Kind != verdict.Stall && !wild(got) || again == 3 {
			return s, got, reports
		}
		t.Logf("seed %d: %+v, %+v", s.Planned.Seed, got.Verdict, got.Confirmed)
	}
}

// wild says that a trial ended because the guest's clock was wrong, as happens on a busy host. A campaign tries such a one
// again, and so do tests.
func wild(got store.Trial) bool { return strings.Contains(got.Reason, "clock runs fast") }

// trialDir is a directory as the store makes it for a trial.
func trialDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/evidence", 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
