package agent

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"

	"golang.org/x/sys/unix"

	"loopfault/workloads/wire"
)

// Where the kernel's three client trackers store which clients may reclaim after
// a restart.
var trackingDirs = []string{"nfsdcld", "nfsdcltrack", "v4recovery"}

// hasClients reports whether the server can do NFSv4: no other version has clients to track.
func hasClients() bool {
	_, err := os.Stat(nfsdDir + endGraceKnob)
	return err == nil
}

// startTracker starts nfsdcld and waits until it listens: a kernel that starts a
// server waits for it for a second only.
func (n *nfsServer) startTracker() (err error) {
	n.tracker, err = startDaemon(wire.TrackingDaemon, "-F", "-p", pipeDir, "-s", filepath.Join(stateDir, "nfsdcld"))
	return err
}

// killTracker ends nfsdcld, if it runs.
func (n *nfsServer) killTracker() error {
	if n.tracker == nil {
		return nil
	}
	err := n.tracker.Process.Kill()
	_ = n.tracker.Wait() // killed
	n.tracker = nil
	return err
}

// forget makes a stopped server lose all its clients at the next start.
func (n *nfsServer) forget() error {
	failed := n.killTracker()
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

// logTail is how much of the kernel's log is searched, in bytes.
const logTail = 64 << 10

// tracking is the client tracking that the server logged last, "" if none.
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
