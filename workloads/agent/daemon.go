package agent

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"loopfault/workloads"
	"loopfault/workloads/wire"
)

// startDaemon starts a program that serves the kernel over a pipe, and waits until it
// listens.
func startDaemon(argv ...string) (*exec.Cmd, error) { return startUntil(listens, argv...) }

// startUntil starts a program that serves the kernel, and waits until it is ready.
func startUntil(ready func(pid int) bool, argv ...string) (*exec.Cmd, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := workloads.StartOrdinary(cmd); err != nil {
		return nil, err
	}
	for began := time.Now(); !ready(cmd.Process.Pid); time.Sleep(readyPause) {
		if time.Since(began) > daemonPatience {
			return cmd, fmt.Errorf("%s does not listen after %s", argv[0], daemonPatience)
		}
	}
	return cmd, nil
}

// listens reports whether a process watches a directory: those daemons watch the
// one in which the kernel will make its pipe.
func listens(pid int) bool {
	files, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "fdinfo", "*"))
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err == nil && strings.Contains(string(text), "inotify wd:") {
			return true
		}
	}
	return false
}

// startMapper starts blkmapd, which maps a block layout to the client's disk.
// Clients of SCSI layouts find the disk by its name.
func (n *nfsServer) startMapper() error {
	if n.mount.Layout != wire.LayoutBlock {
		return nil
	}
	_, err := startDaemon("blkmapd", "-f")
	return err
}
