package workloads

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"loopfault/workloads/wire"
)

// EaterRole is the role of a hog's processes, which are to be OOM-killed.
const EaterRole = "eater"

func hog(spec wire.Hog) []Worker {
	workers := make([]Worker, spec.Processes)
	for i := range workers {
		workers[i] = Worker{
			Name: fmt.Sprintf("hog/%d", i), // root, outside of the cgroup: it must outlive the eaters
			Run: func(ctx context.Context, env Env) error {
				cgroup, err := os.Open(env.Cgroup)
				if err != nil {
					return err
				}
				defer cgroup.Close()
				for ctx.Err() == nil {
					e := eater{Size: spec.Size, Comm: fmt.Sprintf("eater/%d", i)}
					for n := range spec.Files {
						e.Files = append(e.Files, filepath.Join(env.Load, fmt.Sprintf("eater-%03d-%03d", i, n)))
					}
					e.Write = 1 + env.Rand.IntN(64<<10)
					env.Beat.Done(e.run(ctx, spec.UIDs[i%len(spec.UIDs)], cgroup))
				}
				return nil
			},
		}
	}
	return workers
}

// eater is the parameters of one such process.
type eater struct {
	Files []string  `json:"files"`
	Write int       `json:"write"` // into each
	Size  wire.Size `json:"size"`
	Comm  string    `json:"comm"`
}

// errNotKilled is the error of an eater that took all its memory without being killed.
var errNotKilled = errors.New("nobody killed it")

// run starts an eater and waits for its end, which has to be SIGKILL.
func (e eater) run(ctx context.Context, uid int, cgroup *os.File) error {
	order, err := json.Marshal(e)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe", EaterRole)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(order), os.Stdout, os.Stderr
	cmd.Dir = "/"
	cmd.Env = []string{"GOMAXPROCS=1"}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential:  &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)},
		UseCgroupFD: true, CgroupFD: int(cgroup.Fd()),
		Pdeathsig: syscall.SIGKILL, // a killed hog leaves no eaters behind
	}
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL:
		return nil
	case err == nil:
		return errNotKilled
	}
	return err
}

// RunEater is the life of an eater: it opens its files and writes to them, then
// takes memory page by page. It is the OOM killer's preferred victim.
func RunEater(in io.Reader) error {
	var e eater
	if err := json.NewDecoder(in).Decode(&e); err != nil {
		return fmt.Errorf("read order: %w", err)
	}
	runtime.LockOSThread()
	if err := setComm(e.Comm); err != nil {
		return err
	}
	if err := WriteKnob("/proc/self/oom_score_adj", "1000"); err != nil {
		return err
	}
	for _, path := range e.Files {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, sharedMode)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := f.Write(make([]byte, e.Write)); err != nil {
			return err
		}
	}
	mem, err := unix.Mmap(-1, 0, int(e.Size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return err
	}
	for at := 0; at < len(mem); at += pageSize {
		mem[at] = 1
	}
	return nil
}
