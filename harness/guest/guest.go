package guest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/digitalocean/go-qemu/qemu"
	goqmp "github.com/digitalocean/go-qemu/qmp"
	"github.com/digitalocean/go-qemu/qmp/raw"

	"loopfault/errs"
	"loopfault/harness/qmp"
	"loopfault/harness/ssh"
)

// Guest is one running, or ended, QEMU. Close must be called once it is no
// longer needed, whatever state it is in.
type Guest struct {
	spec Spec
	opts Options
	argv []string
	// stateFD is the descriptor in QEMU that Freeze writes to, 0 if it may not.
	stateFD int
	made    identity // of the files it was started from
	dump    string   // the pipe for its memory, as QEMU names it

	life     *life
	proc     *process
	conns    *descriptors
	monitor  *qmp.Monitor
	domain   *qemu.Domain
	console  *Console
	panics   chan string // the console's lines about a panic, at most two
	hostPort int         // on 127.0.0.1

	lastWords string // the console's panic line; of supervise only

	closing sync.Once
	closed  error

	mu       sync.Mutex
	asked    bool   // we asked QEMU to end
	debugged bool   // our debugger may stop and resume it at any time
	reason   string // of QMP's SHUTDOWN
	failure  error  // the first thing that went wrong
	exit     Exit
}

// Start boots spec. It returns once the monitor answers and the vCPUs run; the
// caller watches the kernel's boot. On error nothing is left running.
func Start(ctx context.Context, spec Spec, opts Options) (*Guest, error) {
	opts = opts.complete()
	if err := spec.check(); err != nil {
		return nil, err
	}
	if err := opts.check(spec); err != nil {
		return nil, err
	}
	return start(ctx, spec, opts, nil)
}

// start boots spec, or wakes a copy of a snapshot.
func start(ctx context.Context, spec Spec, opts Options, from *Snapshot) (*Guest, error) {
	made, err := identify(spec, opts)
	if err != nil {
		return nil, err
	}
	wiring := &Wiring{}
	switch {
	case from != nil:
		wiring.memory = memoryCopied
	case opts.Freezable:
		wiring.memory = memoryFrozen
	}
	argv := build(spec, opts, wiring)
	conns, err := openAll(wiring.needs, opts, from)
	if err != nil {
		return nil, err
	}
	defer conns.closeFiles()
	proc, err := launch(argv, conns.files, opts.Timeouts.Quit)
	if err != nil {
		conns.closeConns()
		return nil, MissingQEMU(opts.QEMU, err)
	}
	conns.closeFiles() // else QEMU's death would not close the channels

	g := &Guest{
		spec: spec, opts: opts, argv: argv, stateFD: wiring.state, made: made, dump: wiring.dump,
		life: newLife(), proc: proc, conns: conns, panics: make(chan string, 2),
		monitor: qmp.New(conns.conns["qmp"], opts.Timeouts.Command),
	}
	g.console = watchConsole(conns.console, conns.keys, proc.exited, func(line string) { g.panics <- line }, opts.Console)
	events, err := g.monitor.Events(context.Background())
	if err == nil {
		g.domain, err = qemu.NewDomain(g.monitor, spec.Name)
	}
	go g.supervise(events)
	if err == nil {
		err = g.bringUp(ctx, wiring, from != nil)
	}
	if err != nil {
		return nil, g.startFailed(ctx, err)
	}
	opts.Log.Debug("guest started", "guest", spec.Name, "pid", proc.cmd.Process.Pid, "ssh", g.SSHAddr())
	return g, nil
}

// bringUp takes QEMU from its first instruction to running vCPUs.
func (g *Guest) bringUp(ctx context.Context, w *Wiring, restore bool) error {
	greet, cancel := context.WithTimeout(ctx, g.opts.Timeouts.Connect)
	defer cancel()
	if err := g.monitor.ConnectContext(greet); err != nil {
		return err
	}
	if err := g.plugKeys(ctx, w); err != nil {
		return err
	}
	table, err := g.monitor.Human(ctx, "info usernet")
	if err != nil {
		return err
	}
	if g.hostPort, err = forwardedPort(table, sshPort); err != nil {
		return err
	}
	if restore {
		if err := g.load(greet); err != nil {
			return err
		}
	}
	if err := raw.NewMonitor(g.monitor).Cont(); err != nil {
		return err
	}
	state, err := g.Await(greet, Running, Panicked)
	if err == nil && state == Gone {
		return errors.New("it exited at once")
	}
	return err
}

// plugKeys gives the console its input. Only the monitor can: the command line
// of QEMU 7.2 knows files as output alone.
func (g *Guest) plugKeys(ctx context.Context, w *Wiring) error {
	type data struct {
		Out    string `json:"out"`
		In     string `json:"in"`
		Append bool   `json:"append"`
	}
	type backend struct {
		Type string `json:"type"`
		Data data   `json:"data"`
	}
	return g.monitor.Execute(ctx, "chardev-change", map[string]any{
		"id": "console", "backend": backend{"file", data{Out: w.log, In: w.keys, Append: true}},
	}, nil)
}

// startFailed cleans up and puts QEMU's own words before err.
func (g *Guest) startFailed(ctx context.Context, err error) error {
	if errors.Is(err, qmp.ErrGone) {
		// Let QEMU finish on its own: its exit code and last words are the reason.
		wait, cancel := context.WithTimeout(ctx, g.opts.Timeouts.Quit)
		_, _ = g.Await(wait)
		cancel()
	}
	_ = g.Close(ctx)
	failed := &errs.Error{Class: errs.Infrastructure, Message: "qemu did not start", Evidence: g.Exit().evidence(), Err: err}
	if reason := complaint(g.proc.stderr.String()); reason != "" && ctx.Err() == nil {
		failed.Message += ": " + reason
		if errors.Is(err, qmp.ErrGone) {
			failed.Err = nil // QEMU's end is obvious; any other monitor error is not
		}
	}
	return failed
}

// Name is Spec.Name.
func (g *Guest) Name() string { return g.spec.Name }

// Argv is the command line QEMU was started with.
func (g *Guest) Argv() []string { return append([]string(nil), g.argv...) }

// Reproduce is a shell script that boots the same machine by hand.
func (g *Guest) Reproduce() string { return Reproduce(g.spec, g.opts) }

// Monitor is the QMP connection; Domain and raw.NewMonitor work on top of it.
func (g *Guest) Monitor() *qmp.Monitor { return g.monitor }

// Domain is go-qemu's view of the guest. It must not be closed by the caller.
func (g *Guest) Domain() *qemu.Domain { return g.domain }

// Events subscribes to QEMU's events until ctx ends; see qmp.Monitor.Events.
func (g *Guest) Events(ctx context.Context) (<-chan goqmp.Event, error) { return g.monitor.Events(ctx) }

// CPUTime is the host's processor time that QEMU has used so far.
func (g *Guest) CPUTime() (time.Duration, error) { return g.proc.cpuTime() }

// Waited is the longest time that one of QEMU's threads was runnable but did not
// run; 0 if the host does not tell.
func (g *Guest) Waited() time.Duration { return g.proc.waited() }

// Console is the live serial console.
func (g *Guest) Console() *Console { return g.console }

// Agent is the host's end of the virtio port AgentPort. Bytes written before
// the guest opens its end wait for it. Reads and writes block while the guest
// does not answer: set deadlines. EOF (or ECONNRESET, if QEMU had not read all)
// means that QEMU is gone.
func (g *Guest) Agent() net.Conn { return g.Channel("agent") }

// Watch is the host's end of the virtio port WatchPort; see Agent.
func (g *Guest) Watch() net.Conn { return g.Channel("watch") }

// Channel is the host's end of the channel that a device got from
// Wiring.Channel(id); nil if none did. It is for devices beyond the built-in
// ones.
func (g *Guest) Channel(id string) net.Conn { return g.conns.conns[id] }

// Listener is the path of the socket that a device got from Wiring.Listener(id);
// "" if none did. It leads through a descriptor of this process: only this user's
// programs can connect to it, and only while this process lives.
func (g *Guest) Listener(id string) string {
	socket := g.conns.sockets[id]
	if socket == nil {
		return ""
	}
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), socket.Fd())
}

// SSHAddr is the loopback address and port that lead to the guest's port 22.
// QEMU accepts there before the guest listens: connecting proves nothing.
func (g *Guest) SSHAddr() string { return fmt.Sprintf("127.0.0.1:%d", g.hostPort) }

// Dial logs into the guest as Options.SSH says: one attempt, bounded by ctx and
// Timeouts.Handshake.
func (g *Guest) Dial(ctx context.Context) (*ssh.Client, error) {
	return ssh.Dial(ctx, g.SSHAddr(), g.opts.SSH, ssh.Limits{
		Handshake: g.opts.Timeouts.Handshake,
		Call:      g.opts.Timeouts.Remote,
	})
}

// SysRq asks the kernel for a report over the serial console (break, then key),
// which works without any living process in the guest. It needs
// CONFIG_MAGIC_SYSRQ_SERIAL. The answer comes on the console.
func (g *Guest) SysRq(ctx context.Context, key byte) error {
	if err := g.monitor.Execute(ctx, "chardev-send-break", map[string]string{"id": "console"}, nil); err != nil {
		return err
	}
	return g.console.write(string(key), g.opts.Timeouts.Command)
}

// Exit is how QEMU ended.
type Exit struct {
	Code    int            // exit code, -1 if a signal ended it
	Signal  syscall.Signal // 0 if none
	Reason  string         // QMP's shutdown reason such as "guest-reset"; "" if it had no time to say
	Asked   bool           // Close asked for it
	Stderr  string         // end of QEMU's output
	Console []string       // last lines of the guest
}

// Exit is the zero value until Done is closed.
func (g *Guest) Exit() Exit {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.exit
}

func (e Exit) String() string {
	switch {
	case e.Signal != 0:
		return "qemu was killed by signal " + e.Signal.String()
	case e.Reason != "":
		return fmt.Sprintf("qemu exited with code %d after %s", e.Code, e.Reason)
	default:
		return fmt.Sprintf("qemu exited with code %d", e.Code)
	}
}

func (e Exit) evidence() string {
	var parts []string
	if e.Stderr != "" {
		parts = append(parts, "qemu said:\n"+e.Stderr)
	}
	if len(e.Console) > 0 {
		parts = append(parts, "the console's last lines:\n"+strings.Join(e.Console, "\n"))
	}
	return strings.Join(parts, "\n")
}

// Err is nil as long as nothing went wrong, also after Close. Otherwise it is an
// *errs.Error with the first failure: a panic, a guest that reset or powered off
// by itself, QEMU killed, host storage full.
func (g *Guest) Err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.failure
}
