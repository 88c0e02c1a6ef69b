package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"

	"loopfault/errs"
	"loopfault/results/safefile"
)

// driverLock is held by the process whose children the shards are.
const driverLock = "local.lock"

// attempts is how often a shard is started that was killed, as the kernel does where memory is short.
const attempts = 3

// local runs shards as children of this process: some at a time, the others when those end. They end with it.
type local struct {
	fleet *Fleet

	mu     sync.Mutex
	cancel context.CancelFunc // of the shards, if they are this process's
	done   chan error
}

func newLocal(f *Fleet) *local { return &local{fleet: f} }

func (l *local) Submit(ctx context.Context, shards []int) error {
	lock, err := l.fleet.hold(driverLock)
	if errors.Is(err, errHeld) {
		return errs.Usagef("another process runs the shards of %s: loopfault fleet status says how far they are", l.fleet.Dir)
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	l.mu.Lock()
	l.cancel, l.done = cancel, make(chan error, 1)
	l.mu.Unlock()
	go func() {
		defer lock.Close()
		var g errgroup.Group
		g.SetLimit(max(l.fleet.Slots, 1))
		for _, n := range shards {
			g.Go(func() error { return l.shard(ctx, n) })
		}
		l.done <- g.Wait()
	}()
	return nil
}

// shard runs a shard, and starts it again if it is killed.
func (l *local) shard(ctx context.Context, n int) error {
	for attempt := 1; ctx.Err() == nil; attempt++ {
		err := l.start(ctx, n)
		var exit *exec.ExitError
		if ctx.Err() != nil || err == nil || errors.As(err, &exit) && exit.Exited() {
			return nil // it said why it ended, if it did not end well
		}
		if attempt == attempts {
			return l.fleet.ended(n, -1, fmt.Sprintf("%v, for the %dth time", err, attempts))
		}
	}
	return nil
}

func (l *local) start(ctx context.Context, n int) error {
	log, err := safefile.AppendIn(l.fleet.Dir, filepath.Join(logsDir, fmt.Sprintf("%04d.log", n)))
	if err != nil {
		return err
	}
	defer log.Close()
	if _, err := log.Seek(0, 2); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		// The parent-death signal comes when the thread ends that forked: stay on it until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		cmd := exec.CommandContext(ctx, filepath.Join(l.fleet.Dir, programFile), "fleet", "shard", l.fleet.Dir, fmt.Sprint(n))
		cmd.Stdout, cmd.Stderr = log, log
		// A group of its own: Ctrl-C is for this process, which passes it on once. A second signal would kill.
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		done <- cmd.Run()
	}()
	return <-done
}

// Seen: a shard with a lock runs. While the process lives that starts shards, one that has not ended is queued.
func (l *local) Seen(context.Context) (map[int]Seen, error) {
	driven, err := l.fleet.held(driverLock)
	if err != nil {
		return nil, err
	}
	host, _ := os.Hostname()
	seen := map[int]Seen{}
	for n := 1; n <= l.fleet.Shards; n++ {
		running, err := l.fleet.held(filepath.Join(shardDir(n), shardLock))
		if err != nil {
			return nil, err
		}
		last, err := l.fleet.end(n)
		if err != nil {
			return nil, err
		}
		switch {
		case running:
			seen[n] = Seen{State: Running, Node: host}
		case driven && last == nil:
			seen[n] = Seen{State: Queued}
		}
	}
	return seen, nil
}

// Cancel stops the shards of this process. One that drives those of another sees the stop mark at its next look.
func (l *local) Cancel(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cancel != nil {
		l.cancel()
	}
	return nil
}

// Withdraw leaves it to the shards, which see the stop mark and end at once.
func (l *local) Withdraw(context.Context) error { return nil }

// Close stops the shards and waits for them.
func (l *local) Close() error {
	l.mu.Lock()
	cancel, done := l.cancel, l.done
	l.mu.Unlock()
	if cancel == nil {
		return nil
	}
	cancel()
	err := <-done
	done <- err
	return err
}
