package guest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"loopfault/errs"
	"loopfault/vmimages/packages/packagestest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestReasonsAreToldFromWarnings(t *testing.T) {
	const (
		deprecated = "qemu-system-x86_64: -mon chardev=qmp,mode=control: warning: '-mon' is deprecated, use '-object' with 'monitor-hmp' or 'monitor-qmp' types instead"
		modules    = "qemu-system-x86_64: failed to initialize module: /usr/lib/x86_64-linux-gnu/qemu/ui-opengl.so\nOnly modules from the same build can be loaded."
		denied     = "qemu-system-x86_64: failed to initialize kvm: Permission denied"
	)
	for stderr, want := range map[string]string{
		"":                           "",
		deprecated:                   "",
		denied:                       denied,
		denied + "\n" + deprecated:   denied,
		deprecated + "\n" + denied:   denied,
		denied + "\n" + modules:      denied,
		"info: something\n" + denied: denied,
		"qemu-system-x86_64: -netdev user,id=net,restrict=on: network backend 'user' is not compiled into this binary": noUserNetwork,
		"qemu-system-x86_64: -netdev user,id=net,restrict=on: Parameter 'type' does not accept value 'user'":           noUserNetwork,
		"qemu-system-x86_64: -sandbox support is not enabled in this QEMU binary":                                      noSandbox,
	} {
		assert.Equal(t, want, complaint(stderr), stderr)
	}
}

// fakeQEMU is a program that says something and exits.
func fakeQEMU(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "qemu")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755))
	return path
}

func TestQEMUWithoutSlirp(t *testing.T) {
	without := fakeQEMU(t, `printf 'Available netdev backend types:\nsocket\nhubport\ntap\nvhost-user\n'`)
	err := CheckNetwork(t.Context(), without)
	require.ErrorContains(t, err, "has no user network")
	assert.Equal(t, errs.Infrastructure, errs.ClassOf(err))
	packagestest.Need(t, "qemu-system-x86_64")
	assert.NoError(t, CheckNetwork(t.Context(), ""), "the one that all tests use has it")
	assert.ErrorContains(t, CheckNetwork(t.Context(), filepath.Join(t.TempDir(), "none")), "not found")

	kernel := filepath.Join(t.TempDir(), "bzImage")
	require.NoError(t, os.WriteFile(kernel, []byte(strings.Repeat("\x00", 0x202)+"HdrS"), 0o644))
	refuses := fakeQEMU(t, `echo "qemu: -netdev user,id=net,restrict=on: network backend 'user' is not compiled into this binary" >&2
echo "qemu: -foo: warning: '-foo' is deprecated" >&2; exit 1`)
	_, err = Start(t.Context(), Spec{Name: "g", Kernel: kernel, MemoryMiB: 128, CPUs: 1}, Options{Accel: TCG(), QEMU: refuses})
	require.ErrorContains(t, err, "qemu did not start: this QEMU has no user network")
	assert.Equal(t, errs.Infrastructure, errs.ClassOf(err))
	assert.Contains(t, errs.EvidenceOf(err), "not compiled into this binary", "QEMU's own words stay")
}

// What the monitor said is not lost behind a warning.
func TestMonitorsErrorSurvivesWarnings(t *testing.T) {
	kernel := filepath.Join(t.TempDir(), "bzImage")
	require.NoError(t, os.WriteFile(kernel, []byte(strings.Repeat("\x00", 0x202)+"HdrS"), 0o644))
	// It speaks the monitor's protocol (descriptor 3) up to the first command that counts.
	talks := fakeQEMU(t, `echo "qemu: -foo: warning: '-foo' is deprecated" >&2
exec <&3 >&3
echo '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 1, "major": 11}, "package": ""}, "capabilities": []}}'
while read -r line; do
	id=$(expr "$line" : '.*"id":\("[^"]*"\)')
	case $line in
	*qmp_capabilities*) echo "{\"return\": {}, \"id\": $id}" ;;
	*) echo "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such luck\"}, \"id\": $id}" ;;
	esac
done`)
	_, err := Start(t.Context(), Spec{Name: "g", Kernel: kernel, MemoryMiB: 128, CPUs: 1}, Options{Accel: TCG(), QEMU: talks})
	require.ErrorContains(t, err, "no such luck")
	assert.NotContains(t, err.Error(), "deprecated")
	assert.Contains(t, errs.EvidenceOf(err), "deprecated")
}

func TestTooManyOpenFilesSaysWhatToDo(t *testing.T) {
	assert.Regexp(t, `this process may have \d+ files open: raise the hard limit`, tooMany(os.NewSyscallError("socketpair", unix.EMFILE)))
	assert.Empty(t, tooMany(os.NewSyscallError("open", unix.ENOSPC)))
}
