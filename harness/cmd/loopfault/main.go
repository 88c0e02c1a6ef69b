// Command loopfault boots QEMU guests that are NFS server and client at once,
// injects faults where a reported hang lives, and says with numbers whether
// one kernel hangs more often than another. See ARCHITECTURE.md for
// the flow; this package only parses the command line and prints.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"

	"loopfault/harness/session"
	"loopfault/harness/ui"
	"loopfault/results/report/plain"
)

type cli struct {
	Results string `placeholder:"DIR" default:"./results-data" env:"LOOPFAULT_RESULTS" help:"Where runs are kept."`
	Verbose bool   `short:"v" help:"Say more about what happens, on standard error."`
	JSON    bool   `name:"json" help:"Print JSON where a table or a summary would be printed."`

	Doctor     doctorCmd     `cmd:"" help:"Say what works here: tools, disk, an accelerator that really boots a guest."`
	Kernel     kernelCmd     `cmd:"" help:"Build and list kernels."`
	Image      imageCmd      `cmd:"" help:"Build and list root images."`
	Scenario   scenarioCmd   `cmd:"" help:"List, show and check scenarios."`
	Run        runCmd        `cmd:"" help:"Run a scenario on one kernel."`
	Compare    compareCmd    `cmd:"" help:"Run a scenario on several kernels and compare how often they hang."`
	Try        tryCmd        `cmd:"" help:"Say whether patches change how often scenarios hang: base against patched, ending with a text to mail."`
	Bisect     bisectCmd     `cmd:"" help:"Find the commit that made a scenario hang."`
	Resume     resumeCmd     `cmd:"" help:"Finish a campaign that was interrupted; nothing is lost or counted twice."`
	Replay     replayCmd     `cmd:"" help:"Run one stored trial again, with its kernel, plan and seed."`
	Reproduce  reproduceCmd  `cmd:"" help:"Look for a scenario and a trial that hangs as a report says."`
	Explore    exploreCmd    `cmd:"" help:"Look for an order of events that hangs a kernel, and make it small."`
	Report     reportCmd     `cmd:"" help:"Sum a run up again from its trials."`
	Shell      shellCmd      `cmd:"" help:"Log into a guest with the loop-back mount up."`
	Parse      parseCmd      `cmd:"" help:"Read kernel hang reports out of logs."`
	Match      matchCmd      `cmd:"" help:"Say which stored hangs are like the one in a report, and what agrees."`
	Matrix     matrixCmd     `cmd:"" help:"Run scenarios on kernels, NFS versions and file systems, and print one table."`
	Nightly    nightlyCmd    `cmd:"" help:"Run a suite within a time budget, and say what changed since the nights before."`
	Explain    explainCmd    `cmd:"" help:"Say who waited for whom in a stored trial that hung."`
	List       listCmd       `cmd:"" help:"List the runs in the results directory."`
	Serve      serveCmd      `cmd:"" help:"Show report pages of all runs in a browser, on loop-back only."`
	Man        manCmd        `cmd:"" help:"Print the manual, for man(1)."`
	Completion completionCmd `cmd:"" help:"Print what makes a shell complete loopfault's commands."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

// env is what every command works with.
type env struct {
	session.Session
	stdout *plain.Writer // whatever a guest or a file says, a terminal does not act on it
	stderr *plain.Writer
	stdin  io.Reader
	json   bool // instead of tables
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, stdin io.Reader, stdout io.Writer, stderr *os.File) int {
	var c cli
	parser, err := newParser(&c, stdout, stderr)
	if err != nil {
		panic(err) // the grammar above is wrong
	}
	exited := -1
	parser.Exit = func(code int) { exited = code } // --help
	parsed, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(plain.NewWriter(stderr), "loopfault: %v\n", err)
		if slices.Contains(args, gitFlag) {
			return gitAbort
		}
		return exitUsage
	}
	level := slog.LevelWarn
	if c.Verbose {
		level = slog.LevelDebug
	}
	ctx, stop := interruptible(stderr)
	defer stop()
	progress := ui.New(stderr)
	defer progress.Close()
	e := &env{stdin: stdin, stdout: plain.NewWriter(stdout), stderr: plain.NewWriter(stderr), json: c.JSON}
	e.Session = session.Session{
		Results: c.Results, Report: progress.Progress, Text: e.stdout, Warnings: e.stderr,
		Log:     slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: level})),
		Command: append([]string{"loopfault"}, args...), Version: version,
	}
	if c.JSON {
		e.Text = io.Discard
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	err = parsed.Run(e)
	progress.Close()
	code := exitOf(ctx, err)
	var quiet *outcome
	if err != nil && !errors.As(err, &quiet) {
		fmt.Fprintf(e.stderr, "loopfault: %v\n", oneLine(err))
		if c.Verbose {
			fmt.Fprint(e.stderr, evidenceOf(err))
		}
	}
	return code
}

// newParser makes the grammar of the command line.
func newParser(c *cli, stdout, stderr io.Writer) (*kong.Kong, error) {
	return kong.New(c,
		kong.Name("loopfault"),
		kong.Description("Find hangs of loop-back NFS mounts in QEMU guests, and compare kernels by them.\n\n"+
			"A kernel is the name of a build, a bzImage, or a kernel build tree. Durations are in Go form (90s, 10m).\n\n"+
			"Exit codes: 0 clean, 1 hang or crash found or an arm is worse, 2 inconclusive, 64 bad usage, 69 infrastructure, 130 interrupted."),
		kong.UsageOnError(),
		kong.Writers(stdout, stderr),
		kong.PostBuild(withExamples),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
}

// interruptible gives a context that the first Ctrl-C (or SIGTERM) cancels, so
// that everything stops cleanly and is kept; the second one kills.
func interruptible(stderr io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case s := <-signals:
			fmt.Fprintf(stderr, "loopfault: %s: stopping, everything so far is kept; once more kills\n", s)
			cancel(errInterrupted)
		case <-done:
			return
		}
		select {
		case <-signals:
			os.Exit(exitInterrupted) // guests die with us
		case <-done:
		}
	}()
	return ctx, func() { close(done); signal.Stop(signals); cancel(nil) }
}
