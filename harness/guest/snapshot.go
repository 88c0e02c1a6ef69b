package guest

import (
	"context"
	"errors"
	"fmt"
	"os"

	goqmp "github.com/digitalocean/go-qemu/qmp"

	"loopfault/errs"
	"loopfault/harness/qmp"
)

// Snapshot is a whole guest that stands still: memory, devices, scratch disks
// and what it had printed. Any number of guests can go on from it, side by side;
// none changes it. It lives in descriptors, has no name in the file system, and
// is gone with the process that made it.
//
// Memory is not copied but mapped, and pages become a guest's own when it writes
// to them: a guest runs 0.05 s after it was asked for, however large it is. From
// a migration stream that takes 0.09 s, from a snapshot inside a qcow2 disk
// 0.11 s, and both read all memory.
//
// Each guest gets a QEMU process of its own: in one that loads a snapshot for the
// second time the guest's clock jumps by the time between.
type Snapshot struct {
	spec    Spec
	opts    Options
	made    identity
	parts   map[string]*os.File // memory, state and scratch disks, by the id of their need
	console []byte
}

// ErrStale says that QEMU, the kernel or the root image is not the one that the
// snapshot was made with.
var ErrStale = errors.New("the snapshot was made with another QEMU, kernel or image")

// Freeze stops a guest that was started with Options.Freezable, for good, and
// makes a snapshot of it. The guest is closed in any case. What was under way on
// its channels or over its network is lost to the guests that go on from there:
// have it rest before.
func (g *Guest) Freeze(ctx context.Context) (*Snapshot, error) {
	s, err := g.freeze(ctx)
	if cerr := g.Close(ctx); err == nil {
		err = cerr
	}
	if err == nil {
		err = seal(s.parts["ram"])
	}
	if err != nil {
		if s != nil {
			s.Close()
		}
		return nil, &errs.Error{Class: errs.Infrastructure, Message: "freeze guest " + g.spec.Name, Err: err, Evidence: g.Exit().evidence()}
	}
	return s, nil
}

func (g *Guest) freeze(ctx context.Context) (*Snapshot, error) {
	if g.stateFD == 0 {
		return nil, errors.New("it was not started as freezable")
	}
	if err := g.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, g.opts.Timeouts.Step)
	defer cancel()
	if err := g.monitor.Execute(ctx, "stop", nil, nil); err != nil {
		return nil, err
	}
	// QEMU 7.2 cannot migrate into a descriptor it inherited, but a child of its
	// can write to it.
	uri := fmt.Sprintf("exec:cat >/proc/%d/fd/%d", g.proc.cmd.Process.Pid, g.stateFD)
	if err := g.migrate(ctx, "migrate", uri); err != nil {
		return nil, err
	}
	g.console.catchUp()
	s := &Snapshot{spec: g.spec, opts: g.opts, made: g.made, parts: g.conns.frozen}
	g.conns.frozen = nil // not closed with the guest
	var err error
	s.console, err = g.console.printed()
	return s, err
}

// load fills a QEMU that was started with -incoming.
func (g *Guest) load(ctx context.Context) error {
	return g.migrate(ctx, "migrate-incoming", fmt.Sprintf("fd:%d", g.stateFD))
}

// migrate saves or loads all of the guest but its memory, which both sides have
// in the same file.
func (g *Guest) migrate(ctx context.Context, command, uri string) error {
	type capability struct {
		Capability string `json:"capability"`
		State      bool   `json:"state"`
	}
	on := map[string]any{"capabilities": []capability{{"x-ignore-shared", true}, {"events", true}}}
	if err := g.monitor.Execute(ctx, "migrate-set-capabilities", on, nil); err != nil {
		return err
	}
	over, cancel := context.WithCancel(ctx)
	defer cancel()
	events, err := g.monitor.Events(over)
	if err != nil {
		return err
	}
	if err := g.monitor.Execute(ctx, command, map[string]string{"uri": uri}, nil); err != nil {
		return err
	}
	return g.migrated(ctx, command, events)
}

func (g *Guest) migrated(ctx context.Context, command string, events <-chan goqmp.Event) error {
	for {
		select {
		case event, open := <-events:
			if !open {
				return fmt.Errorf("%s: %w", command, qmp.ErrGone)
			}
			if event.Event != "MIGRATION" {
				continue
			}
			switch status, _ := event.Data["status"].(string); status {
			case "completed":
				return nil
			case "failed", "cancelled":
				return fmt.Errorf("%s %s%s", command, status, g.whyNotMigrated(ctx))
			}
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", command, ctx.Err())
		}
	}
}

// whyNotMigrated is QEMU's reason for the migration that failed, for the end of a
// message; "" if it has none, or did not live to tell: a QEMU that cannot load its
// state exits, and has said why on its standard error.
func (g *Guest) whyNotMigrated(ctx context.Context) string {
	var info struct {
		Reason string `json:"error-desc"`
	}
	if err := g.monitor.Execute(ctx, "query-migrate", nil, &info); err != nil || info.Reason == "" {
		return ""
	}
	return ": " + info.Reason
}

// Check fails with ErrStale if the snapshot must not be used any more.
func (s *Snapshot) Check() error {
	now, err := identify(s.spec, s.opts)
	if err == nil && now != s.made {
		err = &errs.Error{Class: errs.Infrastructure, Message: "restore guest " + s.spec.Name, Err: ErrStale}
	}
	return err
}

// Start wakes a guest that goes on where the snapshot was made: same memory,
// same time since boot, but with another generation id, and its channels are new.
// Of opts, what is not about this one guest (the accelerator, QEMU) is the
// snapshot's.
func (s *Snapshot) Start(ctx context.Context, opts Options) (*Guest, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	opts.Accel, opts.QEMU, opts.Freezable = s.opts.Accel, s.opts.QEMU, false
	return start(ctx, s.spec, opts.complete(), s)
}

// Close releases the snapshot's memory; guests that run go on.
func (s *Snapshot) Close() {
	for _, f := range s.parts {
		_ = f.Close()
	}
}

// identity is what a snapshot fits to beside its spec: files that may be
// replaced while it lives.
type identity struct{ qemu, kernel, initrd, image fileIdentity }

type fileIdentity struct {
	device, inode uint64
	size          int64
	modified      int64 // ns
}
