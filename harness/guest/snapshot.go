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

// Snapshot is a whole frozen guest: memory, devices, scratch disks and console
// output. Any number of guests can be restored from it, in parallel; none
// changes it. It lives in file descriptors, has no name in the file system, and
// is gone with the process that made it.
//
// Memory is not copied but mapped, and pages become a guest's own when it writes
// to them: a guest runs 0.05 s after Start, whatever its size. From a migration
// stream that takes 0.09 s, from a snapshot inside a qcow2 disk 0.11 s, and both
// read all memory.
//
// Each guest gets a QEMU process of its own: when one loads a snapshot a second
// time, the guest's clock jumps by the time in between.
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
// makes a snapshot of it. The guest is closed in any case. Traffic in flight on
// its channels or network is lost to the restored guests: make it idle before.
func (g *Guest) Freeze(ctx context.Context) (*Snapshot, error) {
	s, err := g.freeze(ctx)
	if cerr := g.Close(ctx); err == nil {
		err = cerr
	}
	if err == nil {
		sealing, cancel := context.WithTimeout(ctx, g.opts.Timeouts.Step)
		err = seal(sealing, s.parts["ram"])
		cancel()
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

// migrate saves or loads all of the guest but its memory, which both sides map
// from the same file.
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

// whyNotMigrated is QEMU's reason for a failed migration, for the end of a
// message; "" if it gives none, or has exited: a QEMU that cannot load its state
// exits, with the reason on its standard error.
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

// Start restores a guest that continues from the snapshot: same memory, same time
// since boot, but with another generation id and new channels. Options that do
// not concern this one guest (the accelerator, QEMU) are the snapshot's.
func (s *Snapshot) Start(ctx context.Context, opts Options) (*Guest, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	opts.Accel, opts.QEMU, opts.Freezable = s.opts.Accel, s.opts.QEMU, false
	return start(ctx, s.spec, opts.complete(), s)
}

// Close releases the snapshot's memory; running guests are not affected.
func (s *Snapshot) Close() {
	for _, f := range s.parts {
		_ = f.Close()
	}
}

// identity is what a snapshot depends on beside its spec: files that may be
// replaced while it exists.
type identity struct{ qemu, kernel, initrd, image fileIdentity }

type fileIdentity struct {
	device, inode uint64
	size          int64
	modified      int64 // ns
}
