package vmcore

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/vmimages/packages/packagestest"
)

// write makes a file of a test.
func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), mode))
	return path
}

// onlyPython makes a directory the whole path, with a python3 in it that does what the shell script says.
func onlyPython(t *testing.T, script string) {
	t.Helper()
	t.Setenv("PATH", filepath.Dir(write(t, "python3", "#!/bin/sh\n"+script, 0o755)))
	noSystemPython(t)
}

// noSystemPython has the test find Python in $PATH alone.
func noSystemPython(t *testing.T) {
	t.Helper()
	was := systemPython
	t.Cleanup(func() { systemPython = was })
	systemPython = filepath.Join(t.TempDir(), "python3")
}

// The Python that comes first need not be the one that drgn was installed for.
func TestTheSystemsPythonIsTriedAsWell(t *testing.T) {
	onlyPython(t, "exit 3\n")
	systemPython = write(t, "python3", "#!/bin/sh\nexit 4\n", 0o755)
	python, err := findPython(t.Context())
	require.NoError(t, err)
	assert.Equal(t, systemPython, python)
}

func TestReadRefuses(t *testing.T) {
	core := write(t, "core", "KDUMP   \x06\x00", 0o644)
	_, err := Read(t.Context(), filepath.Join(t.TempDir(), "missing"), core)
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.Equal(t, errs.Usage, errs.ClassOf(err))
	_, err = Read(t.Context(), core, t.TempDir())
	require.ErrorContains(t, err, "is no regular file; want a memory dump and the vmlinux of its kernel")
	assert.Equal(t, errs.Usage, errs.ClassOf(err))
}

func TestMissingDrgnIsNamed(t *testing.T) {
	core := write(t, "core", "KDUMP   \x06\x00", 0o644)
	t.Run("no python", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		noSystemPython(t)
		_, err := Read(t.Context(), core, core)
		require.EqualError(t, err, "memory dumps are read by drgn, which is not installed: install the Debian package python3-drgn")
		assert.Equal(t, errs.Infrastructure, errs.ClassOf(err))
	})
	t.Run("python without drgn", func(t *testing.T) {
		packagestest.Need(t, "python3")
		python, err := exec.Command("python3", "-c", "import sys; print(sys.executable)").Output()
		require.NoError(t, err)
		onlyPython(t, "exec "+strings.TrimSpace(string(python))+" -S -E \"$@\"\n") // finds none of Debian's modules
		_, err = Read(t.Context(), core, core)
		require.EqualError(t, err, "memory dumps are read by drgn, which is not installed (No module named 'drgn'): install the Debian package python3-drgn")
		assert.Equal(t, errs.Infrastructure, errs.ClassOf(err))
	})
}

func TestHowTheScriptEnds(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"complains": {"echo 'not an ELF core file' >&2; exit 4", ""},
		"breaks":    {"echo Traceback >&2; exit 1", ""},
	} {
		onlyPython(t, c.script)
		r, err := run(t.Context(), "python3", "core", "vmlinux")
		require.NoError(t, err, name)
		assert.NotZero(t, r.code, name)
		assert.NotEmpty(t, r.complaint, name)
	}
	onlyPython(t, "echo 'cannot load libpython' >&2; exit 127")
	_, err := findPython(t.Context())
	require.EqualError(t, err, "python3 cannot run the script that reads memory dumps, code 127: cannot load libpython")
	onlyPython(t, "exec /bin/sleep 60")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(os.ErrDeadlineExceeded)
	_, err = run(ctx, "python3")
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestIsDump(t *testing.T) {
	elf := "\x7fELF\x02\x01\x01" + string(make([]byte, 9))
	for text, want := range map[string]bool{
		"KDUMP   \x06\x00\x00\x00": true, "makedumpfile\x00\x00\x00\x00": true, elf + "\x04\x00": true,
		elf + "\x02\x00": false, "INFO: task a:1 blocked": false, "": false, "KDUMP": false,
	} {
		assert.Equal(t, want, IsDump(write(t, "f", text, 0o644)), "%q", text)
	}
	assert.False(t, IsDump("/nonexistent"))
}

func TestWhereModulesLie(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"debug/lib/modules/6.1.0-53-amd64/kernel", "debug/boot", "build", "elsewhere"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, dir), 0o755))
	}
	require.NoError(t, os.WriteFile(filepath.Join(root, "build/Module.symvers"), nil, 0o644))
	for vmlinux, want := range map[string]string{
		"debug/lib/modules/6.1.0-53-amd64/vmlinux": "debug/lib/modules/6.1.0-53-amd64",
		"debug/boot/vmlinux-6.1.0-53-amd64":        "debug/lib/modules/6.1.0-53-amd64",
		"debug/boot/vmlinux-6.1.0-54-amd64":        "",
		"build/vmlinux":                            "build",
		"elsewhere/vmlinux":                        "",
	} {
		if want != "" {
			want = filepath.Join(root, want)
		}
		assert.Equal(t, want, modulesOf(filepath.Join(root, vmlinux)), vmlinux)
	}
}
