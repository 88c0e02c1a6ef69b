package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Scenarios that share nothing with a hang are not offered: each would run for hours beside the point.
func TestReproduceOffersOnlyWhatFits(t *testing.T) {
	log := filepath.Join(t.TempDir(), "hang.txt")
	ceph := "[<0>] ceph_mdsc_do_request+0x1/0x2\n[<0>] ceph_do_getattr+0x1/0x2\n[<0>] vfs_statx+0x1/0x2\n"
	require.NoError(t, os.WriteFile(log, []byte(ceph), 0o644))
	stdout, _ := exits(t, exitInconclusive, "reproduce", "--dry-run", log)
	assert.Contains(t, stdout, "nothing in the catalogue fits: what would be needed is a scenario about ceph_mdsc_do_request")
	require.NoError(t, os.WriteFile(log, []byte(layoutreturn), 0o644))
	stdout, _ = exits(t, exitClean, "reproduce", "--dry-run", log)
	assert.Contains(t, stdout, "is about")
	assert.NotContains(t, stdout, " 0 %")
}
