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
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"loopfault/harness/collect"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/harness/ui"
	"loopfault/results/report/plain"
	"loopfault/vmimages/kernel"
)

// cli is the grammar. Groups and commands are in the order in which the help lists them.
type cli struct {
	Results string `placeholder:"DIR" default:"./results-data" env:"LOOPFAULT_RESULTS" help:"Directory that runs are kept in. Default: ${default}."`
	Verbose bool   `short:"v" help:"Log more, to standard error."`
	JSON    bool   `name:"json" help:"Print results as JSON instead of text."`

	Run        runCmd        `cmd:"" group:"Run" help:"Run a scenario on one kernel."`
	Resume     resumeCmd     `cmd:"" group:"Run" help:"Finish a run that was interrupted: its trials so far are kept, and none is counted twice."`
	Replay     replayCmd     `cmd:"" group:"Run" help:"Run one stored trial again, with its kernel, plan and seed."`
	Explore    exploreCmd    `cmd:"" group:"Run" help:"Search for an order of events on several processors that hangs a kernel, and make it simpler."`
	Hunt       huntCmd       `cmd:"" group:"Run" help:"Look for any hang of a kernel with the scenarios of the catalogue, and make the scenario that hangs as small as possible."`
	Shell      shellCmd      `cmd:"" group:"Run" help:"Log into a guest with the loop-back mount up."`
	Compare    compareCmd    `cmd:"" group:"Compare" help:"Run a scenario on several kernels and compare how often they hang."`
	Try        tryCmd        `cmd:"" group:"Compare" help:"Test whether patches change how often scenarios hang: compare a kernel without and with them, and write a text to mail."`
	Bisect     bisectCmd     `cmd:"" group:"Compare" help:"Find the commit that made a scenario hang."`
	Explain    explainCmd    `cmd:"" group:"Explain" help:"Show which task waits for which in a stored trial that hung, or in texts of a machine that hangs."`
	Collect    collectCmd    `cmd:"" group:"Explain" help:"On a machine that hangs now, collect the texts that explain the hang into an archive; nothing else is written."`
	Reproduce  reproduceCmd  `cmd:"" group:"Explain" help:"Run the scenarios that fit a reported hang, until a trial hangs at the same place."`
	Match      matchCmd      `cmd:"" group:"Explain" help:"Find stored hangs like the one in a report, and show what they have in common."`
	Parse      parseCmd      `cmd:"" group:"Explain" help:"Find the kernel's reports of hangs and crashes in logs."`
	Matrix     matrixCmd     `cmd:"" group:"Automate" help:"Run scenarios on kernels, NFS versions and file systems, and print one table."`
	Nightly    nightlyCmd    `cmd:"" group:"Automate" help:"Run a suite of scenarios within a time budget, and report what changed since the nights before."`
	Prepare    prepareCmd    `cmd:"" group:"Kernels, images, scenarios" help:"Build kernels and the root image in advance, so that runs need not build them."`
	Kernel     kernelCmd     `cmd:"" group:"Kernels, images, scenarios" help:"Build and list kernels."`
	Image      imageCmd      `cmd:"" group:"Kernels, images, scenarios" help:"Build and list root images."`
	Scenario   scenarioCmd   `cmd:"" group:"Kernels, images, scenarios" help:"List, show and check scenarios."`
	Bundle     bundleCmd     `cmd:"" group:"Run" help:"Pack a campaign, or a trial that hung, into one file with its kernels and root image, for hosts that have only QEMU."`
	Fleet      fleetCmd      `cmd:"" group:"Run" help:"Run a campaign in parts, called shards: by processes of this host, by Slurm or by Kubernetes."`
	Merge      mergeCmd      `cmd:"" group:"Results" help:"Make one run of the shards of a campaign that ran on several machines."`
	List       listCmd       `cmd:"" group:"Results" help:"List the runs in the results directory."`
	Report     reportCmd     `cmd:"" group:"Results" help:"Print the results of a run, computed again from its trials."`
	Coverage   coverageCmd   `cmd:"" group:"Results" help:"Show which code of NFS client and server the trials reached, and which scenarios reach nothing that others do not."`
	Serve      serveCmd      `cmd:"" group:"Results" help:"Show report pages of all runs in a browser, on loop-back only."`
	Doctor     doctorCmd     `cmd:"" group:"Help" help:"Check what this host can run: tools, disk space, and whether a guest boots with an accelerator."`
	Man        manCmd        `cmd:"" group:"Help" help:"Print the manual, for man(1)."`
	Completion completionCmd `cmd:"" group:"Help" help:"Print the completion script for a shell."`
	Version    versionCmd    `cmd:"" group:"Help" help:"Print the version."`
}

// env is what every command works with.
type env struct {
	session.Session
	stdout *plain.Writer // strips control sequences that come from guests or files
	stderr *plain.Writer
	stdin  io.Reader
	json   bool // instead of tables
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, stdin io.Reader, stdout io.Writer, stderr *os.File) int {
	if len(args) == 1 && args[0] == collect.ReaderRole {
		return readFor(stdin, stdout)
	}
	args = customary(args)
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

// customary turns what people try first into this grammar.
func customary(args []string) []string {
	switch {
	case len(args) > 0 && args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	case len(args) == 1 && args[0] == "--version":
		return []string{"version"}
	}
	return args
}

// newParser makes the grammar of the command line.
func newParser(c *cli, stdout, stderr io.Writer) (*kong.Kong, error) {
	return kong.New(c,
		kong.Name("loopfault"),
		kong.Description("Find hangs of loop-back NFS mounts in QEMU guests, and compare kernels by them.\n\n"+
			"A kernel is the name of a build, a bzImage, or a kernel build tree. Durations are in Go form (90s, 10m).\n\n"+
			"Exit codes: 0 clean, 1 hang or crash found or an arm is worse, 2 inconclusive, 64 bad usage, 69 infrastructure, 130 interrupted."),
		kong.Vars{"series": kernel.DefaultSeries, "groups": strings.Join(scenario.Groups(), ",")},
		kong.UsageOnError(),
		kong.Writers(stdout, stderr),
		kong.NamedMapper("count", kong.MapperFunc(count)),
		kong.PostBuild(notes.Add),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
}

// count reads a flag that is a number of things: 0 would be taken for one that is not given.
func count(from *kong.DecodeContext, to reflect.Value) error {
	var text string
	if err := from.Scan.PopValueInto("number", &text); err != nil {
		return err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return fmt.Errorf("is %s, want a number from 1 on", text)
	}
	to.SetInt(int64(n))
	return nil
}

// interruptible gives a context that the first Ctrl-C (or SIGTERM) cancels, so
// that everything stops cleanly and results are kept; the second one kills.
func interruptible(stderr io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case s := <-signals:
			fmt.Fprintf(stderr, "loopfault: %s: stopping; what is complete is kept. A second signal stops at once\n", s)
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
