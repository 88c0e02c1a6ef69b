package guest

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"loopfault/errs"
)

// harmless matches lines of QEMU's standard error that are not the reason for its
// exit. A QEMU whose package was upgraded while it ran finds modules of another
// build, and runs without them.
var harmless = []string{"warning:", "info:", " is deprecated", "failed to initialize module", "Only modules from the same build"}

// complaint is the last line of QEMU's standard error that can be its reason to
// exit, reworded where we know more; "" if there is none.
func complaint(stderr string) string {
	last := ""
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		if line != "" && !containsAny(line, harmless) {
			last = line
		}
	}
	if lacksUserNetwork(last) {
		return noUserNetwork
	}
	if strings.Contains(last, "-sandbox support is not enabled") {
		return noSandbox
	}
	return last
}

func containsAny(line string, marks []string) bool {
	for _, m := range marks {
		if strings.Contains(line, m) {
			return true
		}
	}
	return false
}

// noUserNetwork is the message about a QEMU without slirp.
const noUserNetwork = "this QEMU has no user network (it was built without libslirp), which guests need: " +
	"install the Debian package qemu-system-x86, or name another QEMU in " + qemuEnv

// noSandbox is the message about a QEMU without seccomp.
const noSandbox = "this QEMU has no sandbox (it was built without libseccomp): name another one in " + qemuEnv +
	", or set " + sandboxEnv + "=off to run guests without it, which is safe as far as you trust the guest's kernel"

// lacksUserNetwork knows the three ways in which QEMU refuses a network backend
// that it was built without: those of 7 and later, of earlier ones, and of one whose
// list of backends is complete without it.
func lacksUserNetwork(line string) bool {
	return strings.Contains(line, "-netdev user,") && containsAny(line, []string{
		"not compiled into this binary", "expects a netdev backend type", "does not accept value 'user'",
	})
}

// CheckNetwork asks a QEMU whether it can give guests a network, without starting
// one.
func CheckNetwork(ctx context.Context, qemu string) error {
	qemu = QEMU(qemu)
	out, err := exec.CommandContext(ctx, qemu, "-nodefaults", "-no-user-config", "-display", "none", "-machine", "none", "-netdev", "help").Output()
	if err != nil {
		return MissingQEMU(qemu, err)
	}
	for line := range strings.Lines(string(out)) {
		if strings.TrimSpace(line) == "user" {
			return nil
		}
	}
	return &errs.Error{Class: errs.Infrastructure, Message: fmt.Sprintf("%s: %s", qemu, noUserNetwork)}
}
