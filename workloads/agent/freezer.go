package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"loopfault/workloads"
	"loopfault/workloads/wire"
)

const (
	freezerRoot  = "/run/loopfault-freezer" // the freezer hierarchy of cgroup v1
	freezerGroup = freezerRoot + "/workers"
	freezerState = freezerGroup + "/freezer.state"

	freezerTries = 40
	// freezerWait bounds the wait until all are frozen: a task that waits in uninterruptible sleep for a lock that a frozen one holds
	// is not frozen before the others are thawed.
	freezerWait = 300 * time.Millisecond
)

// icing freezes one half of the workers and, next time, the other.
func (s *server) icing() procedure {
	return procedure{
		begin: func(ctx context.Context) error {
			begun := int(s.outages.of(wire.OutageFreezer).begun.Load())
			s.mu.Lock()
			var pids []int
			for i, p := range s.running {
				if i%2 == begun%2 {
					pids = append(pids, p.Process.Pid)
				}
			}
			s.mu.Unlock()
			return freeze(ctx, pids)
		},
		end: func(context.Context) error { return thaw() },
	}
}

// freeze returns when at least one of the processes is frozen in the middle of a request: which ones are is luck.
func freeze(ctx context.Context, pids []int) error {
	if err := freezerHierarchy(); err != nil {
		return err
	}
	for _, pid := range pids {
		if err := join(freezerGroup, strconv.Itoa(pid)); err != nil {
			return err
		}
	}
	for range freezerTries {
		if err := workloads.WriteKnob(freezerState, "FROZEN"); err != nil {
			return err
		}
		if err := frozen(ctx); err != nil {
			return err
		}
		if slices.ContainsFunc(pids, frozenInRequest) {
			return nil
		}
		if err := workloads.WriteKnob(freezerState, "THAWED"); err != nil {
			return err
		}
		time.Sleep(readyPause)
	}
	return fmt.Errorf("none of %d processes was frozen in the middle of a request in %d tries", len(pids), freezerTries)
}

// thaw lets all go on, and leaves them in no group.
func thaw() error {
	if _, err := os.Stat(freezerState); errors.Is(err, os.ErrNotExist) {
		return nil // nothing was ever frozen
	}
	err := workloads.WriteKnob(freezerState, "THAWED")
	text, read := os.ReadFile(freezerGroup + "/cgroup.procs")
	err = errors.Join(err, read)
	for pid := range strings.FieldsSeq(string(text)) {
		err = errors.Join(err, join(freezerRoot, pid))
	}
	return err
}

// freezerHierarchy makes the group that can be frozen, if it is not there.
func freezerHierarchy() error {
	if _, err := os.Stat(freezerState); err == nil {
		return nil
	}
	if err := os.MkdirAll(freezerRoot, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("cgroup", freezerRoot, "cgroup", 0, "freezer"); err != nil {
		return fmt.Errorf("mount the freezer of cgroup v1: %w", err)
	}
	// While any group is frozen the kernel takes another way through its code. An empty one that stays frozen has it change that
	// code once and not at each freeze: under emulation a guest of 7.3 died of it (int3 in get_signal, once in 30 freezes).
	hold := freezerRoot + "/hold"
	for _, dir := range []string{hold, freezerGroup} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	return workloads.WriteKnob(hold+"/freezer.state", "FROZEN")
}

// join moves a process, with all its threads, into a group. One that has ended is in none.
func join(group, pid string) error {
	err := workloads.WriteKnob(group+"/cgroup.procs", pid)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// frozen waits until all are, or for long enough.
func frozen(ctx context.Context) error {
	for began := time.Now(); time.Since(began) < freezerWait; time.Sleep(readyPause) {
		state, err := os.ReadFile(freezerState)
		switch {
		case err != nil:
			return err
		case strings.TrimSpace(string(state)) == "FROZEN":
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
	return nil
}

// frozenInRequest says whether a thread of a process, which is in a frozen group, sleeps in one of the waits of the NFS client that can
// be frozen in place.
func frozenInRequest(pid int) bool {
	stacks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stack", pid))
	return slices.ContainsFunc(stacks, func(path string) bool {
		text, err := os.ReadFile(path)
		first, _, _ := strings.Cut(string(text), "\n")
		return err == nil && (strings.Contains(first, "rpc_wait_bit_killable") || strings.Contains(first, "nfs_wait_bit_killable"))
	})
}
