package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"loopfault/workloads"
	"loopfault/workloads/beats"
	"loopfault/workloads/wire"
)

// start launches all workers of one workload, the pressured ones started inside
// their cgroup if there is one, and waits until each is ready for its seed.
func (s *server) start(ctx context.Context, p wire.Start) (wire.Started, error) {
	workers, err := workloads.Of(p.Workload)
	if err != nil {
		return wire.Started{}, err
	}
	if p.First < 0 || p.First+len(workers) > beats.Slots {
		return wire.Started{}, fmt.Errorf("%d workers do not fit in %d counter slots", p.First+len(workers), beats.Slots)
	}
	load, behind, err := s.load()
	if err != nil {
		return wire.Started{}, err
	}
	if err := workloads.MakeRecords(wire.RecordDir); err != nil {
		return wire.Started{}, err
	}
	cgroup, err := os.Open(wire.LoadCgroup)
	if err != nil && !os.IsNotExist(err) {
		return wire.Started{}, err
	}
	if cgroup != nil {
		defer cgroup.Close()
	}
	var names []string
	for i, w := range workers {
		proc, err := workloads.Task{
			Workload: p.Workload, Index: i, Slot: p.First + i,
			Load:   load,
			Behind: behind,
			Lower:  s.lower(),

			NoDelegations: s.nfs != nil && s.nfs.export.NoDelegations(),
		}.Start(cgroup)
		if proc != nil {
			s.adopt(proc, w.Name)
		}
		if err != nil {
			return wire.Started{}, err
		}
		names = append(names, w.Name)
	}
	return wire.Started{Workers: names}, ready(ctx, p.First, len(workers))
}

// ready waits for workers to get ready.
func ready(ctx context.Context, first, n int) error {
	page, err := beats.Open(beats.Path)
	if err != nil {
		return err
	}
	defer page.Close()
	for i := first; i < first+n; i++ {
		for !page.Slot(i).IsReady() {
			select {
			case <-ctx.Done():
				return fmt.Errorf("worker %d does not get ready: %w", i, ctx.Err())
			case <-time.After(readyPause):
			}
		}
	}
	return nil
}

// release lets all workers begin.
func (s *server) release(p wire.Release) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, proc := range s.running {
		if err := proc.Release(p.Seed); err != nil {
			return err
		}
	}
	return nil
}

// adopt records a worker and waits for it in the background; a worker that
// fails is named on the console.
func (s *server) adopt(proc *workloads.Process, name string) {
	s.mu.Lock()
	s.running = append(s.running, proc)
	s.mu.Unlock()
	go func() {
		err := proc.Wait()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.Exited() {
			fmt.Printf("loopfault: worker %s failed: %v\n", name, err)
		}
	}()
}

func (s *server) kill(polite bool) error {
	if polite {
		return s.signal(syscall.SIGTERM)
	}
	return s.signal(syscall.SIGKILL)
}

// signal signals all live workers.
func (s *server) signal(sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, proc := range s.running {
		if err := proc.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
	}
	return nil
}

// umount takes all mounts down, up to the first that does not go.
func (s *server) umount(ctx context.Context) (all wire.Unmounted) {
	if s.storage == nil {
		return wire.Unmounted{Error: errNoStorage.Error()}
	}
	for _, root := range s.storage.roots() {
		if s.nfs != nil {
			if err := s.nfs.withdraw(ctx, root); err != nil {
				all.Error = err.Error()
				break
			}
		}
		u := umount(ctx, root)
		all.Tries, all.Seconds, all.Error = all.Tries+u.Tries, all.Seconds+u.Seconds, u.Error
		if u.Error != "" {
			break
		}
	}
	return all
}

// umount takes a mount down. Writers killed a moment ago may still
// hold it, so "busy" is retried until the request times out; the task watch
// reports an umount that blocks in the kernel.
func umount(ctx context.Context, root string) wire.Unmounted {
	began := time.Now()
	u := wire.Unmounted{}
	for {
		u.Tries++
		err := workloads.Run("umount", root)
		u.Seconds = time.Since(began).Seconds()
		if err == nil {
			u.Error = ""
			return u
		}
		u.Error = err.Error()
		if !strings.Contains(u.Error, "busy") || u.Seconds > umountPatience.Seconds() {
			return u
		}
		select {
		case <-ctx.Done():
			return u
		case <-time.After(busyPause):
		}
	}
}

// The host bounds every request itself; these only keep a guest without a
// host from trying for ever.
const (
	readyPause     = 5 * time.Millisecond
	umountPatience = 2 * time.Minute
	busyPause      = 50 * time.Millisecond
	// For a daemon to start in a guest that may be out of memory.
	daemonPatience = 30 * time.Second
)
