package agent

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"loopfault/workloads"
)

// servant is a daemon that the kernel asks, a child of this process.
type servant struct {
	argv   []string
	ready  string    // the end of the path of a file that it has open when it is ready
	asked  string    // the same of a file by which it is asked
	caches string    // files that empty what the server keeps of its answers, a pattern
	cmd    *exec.Cmd // while it runs
}

// gssdPipe is a pipe that is there without any mount: while rpc.gssd has it open, the kernel says
// that it runs.
const gssdPipe = "/clntXX/gssd"

// contexts is where the server keeps the contexts of its clients, and what it is told of clients that
// want one. Without them it refuses all requests, and clients need new ones: both daemons of Kerberos are asked then.
const contexts = "/proc/net/rpc/auth.rpcsec.*/flush"

func (d *servant) start() (err error) {
	if d.cmd != nil {
		return nil
	}
	d.cmd, err = startUntil(func(pid int) bool { return holds(pid, d.ready) }, d.argv...)
	return err
}

func (d *servant) kill() error {
	if d.cmd == nil {
		return nil
	}
	err := d.cmd.Process.Kill()
	_ = d.cmd.Wait() // killed
	d.cmd = nil
	return err
}

func (d *servant) pid() (int, error) {
	if d.cmd == nil {
		return 0, fmt.Errorf("%s does not run", d.argv[0])
	}
	return d.cmd.Process.Pid, nil
}

// daemon is what an outage does with it.
func (d *servant) daemon() daemon {
	return daemon{
		pipe: d.asked, pid: d.pid, kill: d.kill, start: d.start,
		forget: func() error { return flush(d.caches) },
	}
}

// holds says whether a process has a file open whose path ends like that.
func holds(pid int, file string) bool {
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, l := range links {
		path, err := os.Readlink(l)
		if err == nil && strings.HasSuffix(path, file) {
			return true
		}
	}
	return false
}

// flush empties those of the server's caches whose files match.
func flush(pattern string) error {
	caches, err := filepath.Glob(pattern)
	if err == nil && len(caches) == 0 {
		err = fmt.Errorf("no file %s", pattern)
	}
	for _, c := range caches {
		err = errors.Join(err, workloads.WriteKnob(c, "1"))
	}
	return err
}
