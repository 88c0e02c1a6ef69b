package guest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"loopfault/errs"

	goqmp "github.com/digitalocean/go-qemu/qmp"
)

// evidenceLines is how much of the console goes into errors and Exit.
const evidenceLines = 40

// supervise is the only source of transitions besides Close. It ends when QEMU
// was reaped and everything it had sent is handled.
func (g *Guest) supervise(events <-chan goqmp.Event) {
	var settled <-chan time.Time // a panic was announced, its stack is being printed
	for {
		select {
		case event, open := <-events:
			if !open {
				events = nil
				continue
			}
			g.onEvent(event)
		case line := <-g.panics:
			settled = g.onPanicLine(line)
		case <-settled:
			g.onPanicPrinted()
		case <-g.proc.exited:
			g.drain(events)
			g.onExit()
			return
		}
	}
}

// drain handles the events that QEMU sent before it died. Its ends of the
// channels are closed with it; the bound is for a child of QEMU that still
// holds one.
func (g *Guest) drain(events <-chan goqmp.Event) {
	bound := time.NewTimer(g.opts.Timeouts.Quit)
	defer bound.Stop()
	consoleEnded := g.console.ended
	for events != nil || consoleEnded != nil {
		select {
		case event, open := <-events:
			if !open {
				events = nil
				continue
			}
			g.onEvent(event)
		case line := <-g.panics:
			g.onPanicLine(line)
		case <-consoleEnded:
			consoleEnded = nil
		case <-bound.C:
			consoleEnded, events = nil, nil
		}
	}
	select {
	case line := <-g.panics:
		g.onPanicLine(line)
	default:
	}
	if g.lastWords != "" {
		g.onPanicPrinted()
	}
}

func (g *Guest) onEvent(event goqmp.Event) {
	g.opts.Log.Debug("qemu event", "guest", g.spec.Name, "event", event.Event, "data", event.Data)
	text := func(key string) string {
		s, _ := event.Data[key].(string)
		return s
	}
	switch event.Event {
	case "RESUME":
		g.life.transition(Running, CauseResumed, "")
	case "STOP":
		if g.isDebugged() {
			return
		}
		g.life.transition(Paused, CauseStopped, "")
	case "GUEST_PANICKED":
		g.onPanicEvent(text("action"))
	case "WATCHDOG":
		g.onWatchdog(text("action"))
	case "BLOCK_IO_ERROR":
		g.onBlockError(text("node-name"), text("reason"), text("action"))
	case "SHUTDOWN":
		g.onShutdown(text("reason"))
	}
	// RESET needs no handler: -no-reboot turns it into SHUTDOWN.
}

func (g *Guest) onPanicEvent(action string) {
	g.console.catchUp() // the device speaks after the stack was printed
	select {
	case line := <-g.panics:
		if !strings.Contains(line, panicEnd) {
			g.lastWords = line
		}
	default:
	}
	g.wentWrong(Panicked, CausePanicEvent, "qemu: "+action, g.panicText())
}

// onPanicLine delays the transition until the stack after the first line is
// printed, so that the panic report is complete. The bound is for a kernel that
// hangs while it prints.
func (g *Guest) onPanicLine(line string) (settled <-chan time.Time) {
	if strings.Contains(line, panicEnd) {
		g.onPanicPrinted()
		return nil
	}
	g.lastWords = line
	return time.After(g.opts.Timeouts.Quit)
}

func (g *Guest) onPanicPrinted() {
	g.wentWrong(Panicked, CausePanicConsole, g.lastWords, g.panicText())
}

func (g *Guest) panicText() string {
	if g.lastWords == "" {
		return "the kernel panicked"
	}
	return "the kernel panicked: " + g.lastWords
}

func (g *Guest) onWatchdog(action string) {
	g.wentWrong(Paused, CauseWatchdog, "qemu: "+action, "the watchdog fired")
}

// onBlockError: with QEMU's default policy a full host disk stops the vCPUs and
// any other error is reported to the guest.
func (g *Guest) onBlockError(node, reason, action string) {
	g.fail(errs.Infrastructure, fmt.Sprintf("host storage of disk %s failed: %s", node, reason))
	if action == "stop" {
		g.life.transition(Paused, CauseHostDisk, node+": "+reason)
	}
}

// wentWrong makes a transition by the kernel's fault, if it is allowed now. The
// reason is set before the state, so readers of the state find it.
func (g *Guest) wentWrong(to State, cause Cause, detail, message string) {
	if !g.life.may(to) {
		return
	}
	g.fail(errs.Guest, message)
	g.life.transition(to, cause, detail)
}

func (g *Guest) onShutdown(reason string) {
	g.mu.Lock()
	g.reason = reason
	g.mu.Unlock()
	g.life.transition(Stopping, CauseShutdown, reason)
}

func (g *Guest) onExit() {
	code, signal := g.proc.result()
	g.mu.Lock()
	g.exit = Exit{
		Code: code, Signal: signal, Reason: g.reason, Asked: g.asked,
		Stderr: g.proc.stderr.String(), Console: g.console.Tail(evidenceLines),
	}
	exit := g.exit
	g.mu.Unlock()
	switch {
	case exit.Asked:
	case exit.Reason == "guest-reset":
		g.fail(errs.Guest, "the guest rebooted by itself")
	case exit.Reason == "guest-shutdown":
		g.fail(errs.Guest, "the guest powered off by itself")
	case exit.Reason == "guest-panic":
		g.fail(errs.Guest, "the kernel panicked")
	default:
		g.fail(errs.Infrastructure, exit.String())
	}
	g.life.transition(Gone, CauseExited, exit.String())
	g.opts.Log.Debug("guest gone", "guest", g.spec.Name, "exit", exit.String())
}

// fail records a failure; the first one explains the rest.
func (g *Guest) fail(fault errs.Class, message string) {
	evidence := Exit{Stderr: g.proc.stderr.String(), Console: g.console.Tail(evidenceLines)}.evidence()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.failure == nil {
		g.failure = &errs.Error{Class: fault, Message: "guest " + g.spec.Name + ": " + message, Evidence: evidence}
	}
}

// Close ends QEMU, politely if ctx leaves time, and returns when it was reaped
// and everything of the guest is released. It may be called in any state, more
// than once and concurrently.
func (g *Guest) Close(ctx context.Context) error {
	g.closing.Do(func() { g.closed = g.close(ctx) })
	return g.closed
}

func (g *Guest) close(ctx context.Context) error {
	select {
	case <-g.proc.exited: // it went by itself
	default:
		g.mu.Lock()
		g.asked = true
		g.mu.Unlock()
	}
	g.life.transition(Stopping, CauseClosed, "")
	polite, cancel := context.WithTimeout(ctx, g.opts.Timeouts.Quit)
	defer cancel()
	if err := g.monitor.Execute(polite, "quit", nil, nil); err == nil {
		_, _ = g.Await(polite)
	}
	g.proc.kill()
	// SIGKILL works at once unless the host kernel itself hangs in QEMU's I/O.
	bound := time.NewTimer(g.opts.Timeouts.Quit)
	defer bound.Stop()
	var err error
	select {
	case <-g.Done():
	case <-bound.C:
		err = &errs.Error{Class: errs.Infrastructure, Message: fmt.Sprintf(
			"guest %s: qemu (process %d) does not die: it hangs in the host's kernel", g.spec.Name, g.proc.cmd.Process.Pid)}
	}
	if g.domain != nil {
		_ = g.domain.Close()
	}
	_ = g.monitor.Disconnect()
	g.conns.closeConns()
	<-g.console.ended
	if err == nil {
		err = g.console.trim(g.opts.ConsolePath)
	}
	return err
}
