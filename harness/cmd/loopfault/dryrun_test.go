package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// On a machine with nothing built and no compiler, a dry run shows the plan and QEMU's command line all the same.
func TestDryRunBuildsNothing(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		{"run", "dirty-limit:quick", "--dry-run", "--trials", "2"},
		{"compare", "dirty-limit:quick", "--dry-run", "--arm", "a=stock", "--arm", "b=kasan", "--trials", "2"},
	} {
		var out, errs bytes.Buffer
		cmd := loopfault(t.Context(), t, append([]string{"--results", filepath.Join(dir, "results")}, args...)...)
		cmd.Env = append(cmd.Env, "LOOPFAULT_CACHE="+filepath.Join(dir, "cache"), "PATH="+dir, "LOOPFAULT_QEMU="+fakeQEMU(t, dir))
		cmd.Stdout, cmd.Stderr = &out, &errs
		require.NoError(t, cmd.Run(), "%v: %s", args, errs.String())
		assert.Contains(t, out.String(), "plan: scenario dirty-limit:quick")
		assert.Contains(t, out.String(), "-kernel bzImage-of-stock-not-built-yet")
		assert.Contains(t, errs.String(), "kernel stock is not built yet")
		assert.Contains(t, errs.String(), "root image")
	}
	assert.NoDirExists(t, filepath.Join(dir, "results"))
	_ = filepath.WalkDir(filepath.Join(dir, "cache"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			info, err := e.Info()
			require.NoError(t, err)
			assert.Zero(t, info.Size(), "%s was made", path) // a lock file is empty
		}
		return nil
	})
}

// fakeQEMU answers --version and runs nothing.
func fakeQEMU(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "qemu")
	script := "#!/bin/sh\n[ \"$1\" = --version ] && echo 'QEMU emulator version 1.2.3' && exit 0\necho started >&2\nexit 1\n"
	require.NoError(t, os.WriteFile(path, []byte(script), 0o755))
	return path
}
