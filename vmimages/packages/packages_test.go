package packages

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"loopfault/errs"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLists(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range slices.Concat(Host(), Test(), Fleet(), Optional()) {
		assert.False(t, seen[p.Name], p.Name)
		seen[p.Name] = true
		assert.NotEmpty(t, p.Needs, "%s: without a need nobody can name it when it is missing", p.Name)
	}
	for _, fields := range lines(hostList) {
		if len(fields) > 2 {
			require.Len(t, fields, 3, fields[0])
			assert.Contains(t, []string{"run", "essential"}, fields[2], "%s: what deb.sh understands", fields[0])
		}
	}
	assert.Equal(t, "python3-drgn", Of("/usr/lib/python3/dist-packages/drgn/__init__.py"))
	assert.Contains(t, Guest(), "nfs-kernel-server")
	assert.Equal(t, "e2fsprogs", Of("debugfs"))
	assert.Empty(t, Of("no-such-tool"))
}

// Every listed need is really there because of its package.
func TestHostNeedsComeFromTheirPackages(t *testing.T) {
	for _, p := range append(Host(), Test()...) {
		out, err := exec.Command("dpkg-query", "--listfiles", p.Name).Output()
		if err != nil && testing.Short() {
			continue // make test installs it
		}
		require.NoError(t, err, "run vmimages/setup.sh test")
		for _, need := range p.Needs {
			require.NoError(t, Require(need))
			assert.Contains(t, string(out), "/"+filepath.Base(need)+"\n", "%s is not in %s", need, p.Name)
		}
	}
}

func TestRequireNamesPackages(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	require.NoError(t, Require("debugfs"), "system directories count")
	err := Require("flex", "/nonexistent/header.h", "bison", "unlisted-tool")
	require.EqualError(t, err, "missing flex, /nonexistent/header.h, bison, unlisted-tool: install the Debian packages flex bison (vmimages/setup.sh does)")
	assert.Equal(t, errs.Infrastructure, errs.ClassOf(err))
	require.EqualError(t, Require("unlisted-tool"), "missing unlisted-tool")
}

// setup runs setup.sh with only the given programs on its path.
func setup(t *testing.T, programs map[string]string, args ...string) (string, int) {
	t.Helper()
	bin := t.TempDir()
	for _, tool := range []string{"sh", "awk", "dirname", "id", "env"} {
		path, err := exec.LookPath(tool)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(path, filepath.Join(bin, tool)))
	}
	for name, script := range programs {
		require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script), 0o755))
	}
	cmd := exec.Command("../setup.sh", args...)
	cmd.Env = []string{"PATH=" + bin}
	out, _ := cmd.CombinedOutput()
	return string(out), cmd.ProcessState.ExitCode()
}

func TestSetup(t *testing.T) {
	out, code := setup(t, nil)
	assert.Equal(t, 69, code)
	assert.Contains(t, out, "has no apt-get; install what these Debian packages contain: qemu-system-x86 ")

	var all strings.Builder
	for _, p := range Host() {
		all.WriteString("installed " + p.Name + "\\n")
	}
	complete := "printf '" + all.String() + "'"
	forbidden := "echo called: $*; exit 1"
	out, code = setup(t, map[string]string{"apt-get": forbidden, "sudo": forbidden, "dpkg-query": complete})
	assert.Zero(t, code)
	assert.Empty(t, out, "nothing to do: nothing is run, nothing is said")

	out, code = setup(t, map[string]string{"apt-get": "echo apt-get $*", "sudo": `"$@"`, "dpkg-query": complete}, "test")
	assert.Zero(t, code)
	assert.Contains(t, out, "install --no-install-recommends chromium python3-junitparser zstd\n")
	out, code = setup(t, map[string]string{"apt-get": "echo apt-get $*", "sudo": `"$@"`, "dpkg-query": complete}, "fleet")
	assert.Zero(t, code)
	assert.Contains(t, out, "install --no-install-recommends slurmctld slurmd slurm-client munge\n")

	partly := strings.ReplaceAll(complete, "installed flex\\n", "config-files flex\\n")
	partly = strings.ReplaceAll(partly, "installed mmdebstrap\\n", "")
	out, code = setup(t, map[string]string{"apt-get": "echo apt-get $*", "sudo": `"$@"`, "dpkg-query": partly + "; exit 1"})
	assert.Zero(t, code)
	assert.Contains(t, out, "update\n")
	assert.Contains(t, out, "install --no-install-recommends flex mmdebstrap\n")

	out, code = setup(t, map[string]string{"apt-get": "exit 100", "sudo": `"$@"`, "dpkg-query": partly})
	assert.Equal(t, 69, code)
	assert.Contains(t, out, "setup: apt-get could not install: flex mmdebstrap")
}
