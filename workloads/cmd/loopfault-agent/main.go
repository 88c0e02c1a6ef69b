// Command loopfault-agent is the one program that loopfault puts into a guest.
// As process 1 it sets the guest up; its other roles are processes of their
// own: serve (control channel), watch (task watch), worker (load), eater (a
// load process for the OOM killer), relay (containers' way to the server).
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"loopfault/workloads"
	"loopfault/workloads/agent"
	"loopfault/workloads/beats"
	"loopfault/workloads/port"
	"loopfault/workloads/watch"
	"loopfault/workloads/wire"
)

func init() {
	// A worker is identified by its thread's name: keep it on the first thread,
	// whose comm is the process's.
	runtime.LockOSThread()
}

func main() {
	role := "init"
	if len(os.Args) > 1 {
		role = os.Args[1]
	}
	if role == "init" && os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "loopfault-agent is process 1 of a loopfault guest and does nothing elsewhere; see loopfault --help")
		os.Exit(64)
	}
	if err := run(role); err != nil {
		fmt.Printf("loopfault: %s: %v\n", role, err)
		os.Exit(1)
	}
}

// serverGC makes the server collect garbage early: it sometimes sends files of
// megabytes, and the guest's memory belongs to the workload.
const serverGC = 20 // percent

func run(role string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	switch role {
	case "init":
		return agent.Init()
	case "serve":
		if err := setOOMScore("-1000"); err != nil {
			return err
		}
		debug.SetGCPercent(serverGC)
		channel, err := port.Open(wire.AgentPort)
		if err != nil {
			return err
		}
		return agent.Serve(ctx, channel)
	case "watch":
		return runWatch(ctx)
	case "worker":
		if err := setOOMScore("0"); err != nil { // unlike the server that started it
			return err
		}
		return workloads.RunTask(ctx, os.Stdin)
	case workloads.EaterRole:
		return workloads.RunEater(os.Stdin)
	case workloads.RelayRole:
		return workloads.RunRelay(os.Stdin)
	}
	return fmt.Errorf("no role %q", role)
}

// runWatch keeps the watcher out of reach of the memory pressure it observes.
func runWatch(ctx context.Context) error {
	if err := setOOMScore("-1000"); err != nil {
		return err
	}
	if err := workloads.StayInMemory(); err != nil {
		return err
	}
	page, err := beats.Open(beats.Path)
	if err != nil {
		return err
	}
	channel, err := port.Open(wire.WatchPort)
	if err != nil {
		return err
	}
	w := &watch.Watcher{
		Proc: "/proc", Beats: page, Uptime: agent.Uptime,
		Budget: stallBudget(), Period: wire.WatchPeriod,
	}
	return w.Run(ctx, channel)
}

// setOOMScore sets the process's OOM score adjustment: -1000 means never kill.
func setOOMScore(score string) error {
	return os.WriteFile("/proc/self/oom_score_adj", []byte(score), 0)
}

// stallBudget is what the host put on the kernel command line.
func stallBudget() time.Duration {
	const fallback = 16 * time.Second
	text, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return fallback
	}
	for _, arg := range strings.Fields(string(text)) {
		if v, ok := strings.CutPrefix(arg, wire.StallArg+"="); ok {
			if n, err := strconv.Atoi(v); err == nil && n > 0 {
				return time.Duration(n) * time.Second
			}
		}
	}
	return fallback
}
