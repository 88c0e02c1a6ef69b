package nightly_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/nightly"
)

func TestSuiteThatShipsIsOne(t *testing.T) {
	text, err := os.ReadFile("deploy/nightly.yaml")
	require.NoError(t, err)
	s, err := nightly.Parse("nightly.yaml", text)
	require.NoError(t, err)
	assert.Equal(t, "nfs", s.Name)
}

// The units are as systemd wants them. The program that they start is put where they
// look for it, since systemd-analyze does.
func TestUnitsAreVerified(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze here, so no systemd either")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "loopfault")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755))
	units, err := filepath.Glob("deploy/loopfault-*")
	require.NoError(t, err)
	require.Len(t, units, 3)
	var args []string
	for _, unit := range units {
		text, err := os.ReadFile(unit)
		require.NoError(t, err)
		name := filepath.Join(dir, strings.Replace(filepath.Base(unit), "@", "@nfs", 1))
		if filepath.Ext(name) == ".timer" { // it looks for its service under the same name
			args = append([]string{name}, args...)
		} else {
			args = append(args, name)
		}
		text = []byte(strings.ReplaceAll(string(text), "/usr/local/bin/loopfault", program))
		require.NoError(t, os.WriteFile(name, text, 0o644))
	}
	cmd := exec.Command(analyze, append([]string{"verify", "--man=no"}, args...)...)
	cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.NotContains(t, string(out), dir+"/loopfault-", "it names what is wrong with a unit")
}
