package session

import (
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"loopfault/errs"
	"loopfault/harness/guest"
	"loopfault/vmimages/packages"
)

// Host is a machine's requirements that no package can provide.
type Host struct {
	Arch  string // as Go calls it
	Apt   bool
	Files uint64 // how many this process may have open
}

// ThisHost looks at this machine.
func ThisHost() Host {
	h := Host{Arch: runtime.GOARCH}
	_, err := packages.Find("apt-get")
	h.Apt = err == nil
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil {
		h.Files = limit.Max // Go raises the other one to this
	}
	return h
}

// Fits returns an error on machines that cannot run guests whatever is installed.
func (h Host) Fits() error {
	if h.Arch != "amd64" {
		return &errs.Error{Class: errs.Infrastructure, Message: "x86-64 is required, and this machine is " + h.Arch +
			": guests run kernels of the host's own architecture, built by its own compiler"}
	}
	return nil
}

// FindQEMU returns an error if the QEMU that guests are run with is not there.
func FindQEMU() error {
	qemu := guest.QEMU("")
	if _, err := exec.LookPath(qemu); err != nil {
		return guest.MissingQEMU(qemu, err)
	}
	return nil
}

// NotFound is the version of a missing QEMU.
const NotFound = "not found"

// QEMUVersion asks the QEMU that guests are run with.
func QEMUVersion() string {
	out, err := exec.Command(guest.QEMU(""), "--version").Output()
	if err != nil {
		return NotFound
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimPrefix(first, "QEMU emulator version ")
}
