package workloads

import (
	"bytes"
	"context"
	"encoding/json"
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

// Task tells a worker process, on its standard input, what to be.
type Task struct {
	Workload wire.Workload `json:"workload"`
	Index    int           `json:"index"` // which of Of(Workload)
	Seed     uint64        `json:"seed"`
	Load     string        `json:"load"`
	Behind   string        `json:"behind"`
	Slot     int           `json:"slot"` // counter slot
}

// Command prepares the worker process of a task: this very program in its
// worker role, with the worker's credential. cgroup is an open directory of
// the pressured cgroup, or nil to stay where the caller is.
func (t Task) Command(cgroup *os.File) (*exec.Cmd, error) {
	workers, err := Of(t.Workload)
	if err != nil {
		return nil, err
	}
	if t.Index < 0 || t.Index >= len(workers) {
		return nil, fmt.Errorf("workload has %d workers, none numbered %d", len(workers), t.Index)
	}
	w := workers[t.Index]
	input, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("/proc/self/exe", "worker")
	cmd.Stdin = bytes.NewReader(input)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Dir = "/"
	// GOMAXPROCS: a worker is one loop; more threads only cost memory that
	// the pressured cgroup is charged for.
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "GOMAXPROCS=1"}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: uint32(w.UID), Gid: uint32(w.UID)},
	}
	if w.Pressured && cgroup != nil {
		cmd.SysProcAttr.UseCgroupFD = true
		cmd.SysProcAttr.CgroupFD = int(cgroup.Fd())
	}
	return cmd, nil
}

// RunTask is the whole life of a worker process: it reads its task from in
// and works until ctx ends.
func RunTask(ctx context.Context, in io.Reader) error {
	var t Task
	if err := json.NewDecoder(in).Decode(&t); err != nil {
		return fmt.Errorf("read task: %w", err)
	}
	workers, err := Of(t.Workload)
	if err != nil {
		return err
	}
	w := workers[t.Index]
	// The comm of the thread that works is what the kernel's reports show.
	runtime.LockOSThread()
	if err := setComm(w.Name); err != nil {
		return err
	}
	unix.Umask(0) // shared files are everybody's
	page, err := beats.Open(beats.Path)
	if err != nil {
		return err
	}
	return w.Run(ctx, Env{
		Load:   t.Load,
		Behind: t.Behind,
		Cgroup: wire.LoadCgroup,
		Rand:   NewRand(t.Seed, w.Name),
		Beat:   page.Slot(t.Slot),
	})
}

func setComm(name string) error {
	p, err := unix.BytePtrFromString(name)
	if err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(p)), 0, 0, 0)
}

// startWriter starts one writer of shared files on another mount of the export.
func startWriter(load string, uid int, seed uint64) (*exec.Cmd, error) {
	t := Task{
		Workload: wire.Workload{SharedFile: &wire.SharedFile{
			Processes: 1, Files: 8, Sharers: 1, UIDs: []int{uid}, MaxWrite: 32 << 10,
		}},
		Seed: seed, Load: load, Slot: beats.Nobody,
	}
	cmd, err := t.Command(nil)
	if err != nil {
		return nil, err
	}
	return cmd, cmd.Start()
}
