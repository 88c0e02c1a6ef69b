package guest_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/harness/guest"
	"loopfault/harness/guest/guesttest"
	"loopfault/harness/timeouts"
)

// built is made once for all tests of the package; nil with -short.
var built *guesttest.Fixture

func fixture(t *testing.T) *guesttest.Fixture {
	t.Helper()
	guesttest.Needed(t)
	return built
}

func TestMain(m *testing.M) {
	if os.Getenv(victimEnv) != "" {
		beVictim()
		return
	}
	flag.Parse()
	if testing.Short() {
		os.Exit(m.Run())
	}
	var err error
	if built, err = guesttest.New(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := built.Remove(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func budgets() timeouts.Timeouts { return timeouts.For(3) } // a busy host under TCG

func options(t *testing.T) guest.Options {
	return guest.Options{
		Accel:       guest.TCG(),
		ConsolePath: filepath.Join(t.TempDir(), "console.log"),
		Timeouts:    budgets(),
		Log:         slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

// boot starts a guest that is closed at the end of the test.
func boot(t *testing.T, spec guest.Spec, opts guest.Options) *guest.Guest {
	t.Helper()
	g, err := guest.Start(t.Context(), spec, opts)
	require.NoError(t, err, errs.EvidenceOf(err))
	t.Cleanup(func() { assert.NoError(t, g.Close(context.Background())) })
	return g
}

// talker speaks to testinit over the agent port.
type talker struct {
	t     *testing.T
	g     *guest.Guest
	lines *bufio.Scanner
}

func talk(t *testing.T, g *guest.Guest) *talker {
	lines := bufio.NewScanner(g.Agent())
	lines.Buffer(nil, 1<<20)
	return &talker{t, g, lines}
}

func (a *talker) order(order string) {
	a.t.Helper()
	require.NoError(a.t, a.g.Agent().SetDeadline(time.Now().Add(budgets().Boot)))
	_, err := fmt.Fprintln(a.g.Agent(), order)
	require.NoError(a.t, err)
}

func (a *talker) ask(order string) string {
	a.t.Helper()
	a.order(order)
	require.True(a.t, a.lines.Scan(), "%v; console: %s", a.lines.Err(), strings.Join(a.g.Console().Tail(20), "\n"))
	return a.lines.Text()
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
