package agent

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Where the kernel's three ways to track clients keep whom a restarted server has
// to let reclaim.
var trackingDirs = []string{"nfsdcld", "nfsdcltrack", "v4recovery"}

// startTracker starts nfsdcld and waits until it listens: a kernel that starts a
// server looks for it for a second only.
func (n *nfsServer) startTracker(daemon string) error {
	cmd := exec.Command(daemon, "-F", "-p", filepath.Join(stateDir, "rpc_pipefs"), "-s", filepath.Join(stateDir, "nfsdcld"))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	n.tracker = cmd
	for began := time.Now(); !listens(cmd.Process.Pid); time.Sleep(readyPause) {
		if time.Since(began) > trackerPatience {
			return fmt.Errorf("it does not listen after %s", trackerPatience)
		}
	}
	return nil
}

// listens says that a process watches a directory, as nfsdcld does the one in
// which the kernel will make its pipe.
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

// forget has a stopped server know none of its clients when it starts again.
func (n *nfsServer) forget() error {
	var failed error
	if n.tracker != nil {
		failed = n.tracker.Process.Kill()
		_ = n.tracker.Wait() // killed
		n.tracker = nil
	}
	for _, dir := range trackingDirs {
		files, err := filepath.Glob(filepath.Join(stateDir, dir, "*"))
		failed = errors.Join(failed, err)
		for _, f := range files {
			failed = errors.Join(failed, os.RemoveAll(f))
		}
	}
	return failed
}

var trackingLine = regexp.MustCompile(`NFSD: Using (.+?) client tracking operations`)

// logTail is how much of the kernel's log is looked through, in bytes.
const logTail = 64 << 10

// tracking is how the server said last that it tracks clients, "" if it did not.
func tracking() string {
	log := make([]byte, logTail)
	n, err := unix.Klogctl(unix.SYSLOG_ACTION_READ_ALL, log)
	if err != nil {
		return ""
	}
	all := trackingLine.FindAllSubmatch(log[:n], -1)
	if len(all) == 0 {
		return ""
	}
	return string(all[len(all)-1][1])
}
