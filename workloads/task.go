package workloads

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"loopfault/workloads/beats"
	"loopfault/workloads/wire"
)

// Task is a worker process's job, read from its standard input. The worker gets
// ready, and starts work when it reads its seed: everything before that is the
// same in all trials.
type Task struct {
	Workload wire.Workload `json:"workload"`
	Index    int           `json:"index"` // which of Of(Workload)
	Load     string        `json:"load"`
	Behind   string        `json:"behind"`
	Lower    string        `json:"lower,omitempty"`
	Slot     int           `json:"slot"` // counter slot

	NoDelegations bool `json:"no_delegations,omitempty"` // see Env
}

// start is the message that a worker waits for.
type start struct {
	Seed uint64 `json:"seed"`
}

// Process is a worker process that was started.
type Process struct {
	*exec.Cmd
	name  string
	input io.WriteCloser
}

// Release lets a worker begin with its seed.
func (p *Process) Release(seed uint64) error {
	err := json.NewEncoder(p.input).Encode(start{seed})
	if err = errors.Join(err, p.input.Close()); err != nil {
		return fmt.Errorf("worker %s ended before it was to begin: %w", p.name, err)
	}
	return nil
}

// Start starts the worker process of a task: this very program in its
// worker role, with the worker's credential. cgroup is an open directory of
// the pressured cgroup, or nil to stay where the caller is.
func (t Task) Start(cgroup *os.File) (*Process, error) { return t.start(cgroup, 0) }

// start starts it as a process that gets a signal, if that is not 0, when the thread that started it ends.
func (t Task) start(cgroup *os.File, orphaned syscall.Signal) (*Process, error) {
	workers, err := Of(t.Workload)
	if err != nil {
		return nil, err
	}
	if t.Index < 0 || t.Index >= len(workers) {
		return nil, fmt.Errorf("workload has %d workers, none numbered %d", len(workers), t.Index)
	}
	w := workers[t.Index]
	cmd := exec.Command("/proc/self/exe", "worker")
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Dir = "/"
	// GOMAXPROCS: a worker is one loop; more threads only cost memory that
	// the pressured cgroup is charged for.
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "GOMAXPROCS=1"}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: uint32(w.UID), Gid: uint32(w.UID)},
		Pdeathsig:  orphaned,
	}
	if w.Pressured && cgroup != nil {
		cmd.SysProcAttr.UseCgroupFD = true
		cmd.SysProcAttr.CgroupFD = int(cgroup.Fd())
	}
	if err := StartOrdinary(cmd); err != nil {
		return nil, fmt.Errorf("start worker %s: %w", w.Name, err)
	}
	// The pipe holds far more than a task: this does not wait for the worker.
	return &Process{cmd, w.Name, input}, json.NewEncoder(input).Encode(t)
}

// RunTask is the whole life of a worker process: it reads its task from in
// and works until ctx ends.
func RunTask(ctx context.Context, in io.Reader) error {
	var t Task
	orders := json.NewDecoder(in)
	if err := orders.Decode(&t); err != nil {
		return fmt.Errorf("read task: %w", err)
	}
	workers, err := Of(t.Workload)
	if err != nil {
		return err
	}
	w := workers[t.Index]
	// The kernel's reports show the comm of the working thread.
	runtime.LockOSThread()
	if err := setComm(w.Name); err != nil {
		return err
	}
	unix.Umask(0) // shared files are everybody's
	page, err := beats.Open(beats.Path)
	if err != nil {
		return err
	}
	page.Slot(t.Slot).Ready()
	var begin start
	if err := orders.Decode(&begin); err != nil {
		return fmt.Errorf("read seed: %w", err)
	}
	return w.Run(ctx, Env{
		Name:    w.Name,
		Load:    t.Load,
		Behind:  t.Behind,
		Lower:   t.Lower,
		Cgroup:  wire.LoadCgroup,
		Records: wire.RecordDir,
		Rand:    NewRand(begin.Seed, w.Name),
		Beat:    page.Slot(t.Slot),
		Writers: page.Slot(beats.Uncounted),

		NoDelegations: t.NoDelegations,
	})
}

func setComm(name string) error {
	p, err := unix.BytePtrFromString(name)
	if err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(p)), 0, 0, 0)
}

// startWriter starts, for a worker, one writer on another mount of the export, which writes shared
// files, or so many of its own, or has them copied up if there is an overlay above the mount.
func (e Env) startWriter(load, lower string, uid int, seed uint64, churn int) (*Process, error) {
	w := wire.Workload{SharedFile: &wire.SharedFile{
		Processes: 1, Files: 8, Sharers: 1, UIDs: []int{uid}, MaxWrite: 32 << 10,
	}}
	switch {
	case lower != "":
		w = wire.Workload{CopyUp: &wire.CopyUp{Processes: 1, UIDs: []int{uid}, Files: 2, Size: 16 << 10}}
	case churn > 0:
		w = wire.Workload{Evict: &wire.Evict{Processes: 1, Files: churn}}
	}
	t := Task{Workload: w, Load: load, Lower: lower, Slot: beats.Uncounted, NoDelegations: e.NoDelegations}
	p, err := t.start(nil, syscall.SIGKILL) // a killed worker, which has one thread to start with, leaves no writer behind
	if err != nil {
		return nil, err
	}
	return p, p.Release(seed)
}
