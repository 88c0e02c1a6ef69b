package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/guest/guesttest"
	"loopfault/harness/session"
)

// testQEMU names another QEMU than the one that all other tests run: a program, or a
// script that ends in exec of one. Together with LOOPFAULT_RELEASE it shows that runs
// work with the QEMU of another host and the userland of another Debian.
const testQEMU = "LOOPFAULT_TEST_QEMU"

// TestRunsWithAnotherQEMU goes through all that campaigns ask of QEMU: snapshots that
// are loaded, processors that a debugger stops, and memory that is dumped. `make
// test-qemu QEMU=…` runs it.
func TestRunsWithAnotherQEMU(t *testing.T) {
	qemu := os.Getenv(testQEMU)
	if qemu == "" {
		t.Skip("set " + testQEMU + " to another QEMU to run scenarios with it")
	}
	t.Setenv("LOOPFAULT_QEMU", qemu)
	out, err := exec.Command(qemu, "--version").CombinedOutput()
	require.NoError(t, err, string(out))
	t.Logf("%s", out)
	withAgent(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*patience)
	defer cancel()
	const control = "control-lost-wakeup"
	_, err = guesttest.Build(ctx, control)
	require.NoError(t, err)

	for name, args := range map[string][]string{
		"a snapshot is loaded":              {"umount-matrix:quick", "--trials", "2"},
		"a debugger makes allocations fail": {"pnfs-layoutreturn-enomem:quick", "--trials", "1", "--fault-backend", "callsite"},
		"a debugger puts calls in order":    {"rename-order", "--trials", "1"},
		"a guest is booted for each trial":  {"umount-matrix:quick", "--trials", "1", "--cold"},
		"a hang's memory is dumped":         {"pnfs-layoutreturn-enomem:quick", "--kernel", control, "--until", "hang", "--for", "5m", "--vmcore"},
		"the kernel makes allocations fail": {"pnfs-layoutreturn-enomem:quick", "--trials", "1"},
		"the server is stopped and started": {"server-restart:quick", "--trials", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			results := t.TempDir()
			out, err := loopfault(ctx, t, append([]string{"run", "--results", results}, args...)...).Output()
			code := requireEnded(t, err, out)
			text, err := os.ReadFile(filepath.Join(results, "latest", "manifest.json"))
			require.NoError(t, err)
			var manifest struct{ Versions map[string]string }
			require.NoError(t, json.Unmarshal(text, &manifest))
			assert.Equal(t, session.QEMUVersion(), manifest.Versions["qemu"])
			cores, err := filepath.Glob(filepath.Join(results, "latest", "trials", "*", "evidence", "vmcore"))
			require.NoError(t, err)
			if args[len(args)-1] == "--vmcore" {
				assert.Equal(t, exitFound, code, "%s", out)
				assert.Len(t, cores, 1, "%s", out)
				return
			}
			assert.Equal(t, exitClean, code, "%s", out)
		})
	}
}
