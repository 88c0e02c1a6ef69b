package guest

import (
	"context"
	"net"

	"loopfault/errs"
	"loopfault/harness/gdb"
)

// GDB is QEMU's debugger stub: a device to add to Spec.Devices. Whoever connects to
// Guest.Listener(GDBSocket) speaks GDB's remote protocol; the vCPUs are stopped
// from then on until they are resumed, or the connection is detached.
type GDB struct {
	// KASLR leaves address randomization on. A person's debugger wants addresses as they
	// are in vmlinux.
	KASLR bool
}

// GDBSocket is the id of the stub's socket.
const GDBSocket = "gdb"

// QEMU returns the stub's arguments.
func (GDB) QEMU(w *Wiring) []string {
	return []string{"-chardev", w.Listener(GDBSocket), "-gdb", "chardev:" + GDBSocket}
}

func (g GDB) Kernel() []string {
	if g.KASLR {
		return nil
	}
	return []string{"nokaslr"}
}

// Debug takes the guest, which needs device GDB, under control of a debugger of our
// own. From then on it does not count as Paused when its vCPUs are stopped, as they
// are at each breakpoint.
func (g *Guest) Debug(ctx context.Context) (*gdb.Session, error) {
	g.setDebugged(true) // before the connection is there: QEMU stops the vCPUs at once, and says so
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", g.Listener(GDBSocket))
	if err != nil {
		g.setDebugged(false)
		return nil, &errs.Error{Class: errs.Infrastructure, Message: "debug guest " + g.spec.Name, Err: err}
	}
	s, err := gdb.Attach(conn, g.opts.Timeouts.Command, g.opts.Accel.Name == TCG().Name)
	if err != nil {
		return nil, &errs.Error{Class: errs.Infrastructure, Message: "debug guest " + g.spec.Name, Err: err}
	}
	return s, nil
}

func (g *Guest) setDebugged(is bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.debugged = is
}

func (g *Guest) isDebugged() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.debugged
}
