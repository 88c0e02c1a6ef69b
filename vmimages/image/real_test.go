package image

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/vmimages/cache"
	"loopfault/vmimages/packages"
	"loopfault/vmimages/progress"
)

// TestRealImage goes through the shared cache: a minute and the network when it is
// empty. The test binary serves as the agent.
func TestRealImage(t *testing.T) {
	if testing.Short() {
		t.Skip("may build the Debian userland")
	}
	c, err := cache.Open("")
	require.NoError(t, err)
	b := &Builder{Cache: c, Report: func(e progress.Event) {
		if e.Text != "" {
			t.Log(e.Text)
		}
	}}
	agent, err := os.Executable()
	require.NoError(t, err)
	img, err := b.Ensure(context.Background(), DefaultSpec(), agent)
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(c.Path(roomImages, img.Key)) })
	have := map[string]string{}
	for _, p := range img.Packages {
		have[p.Name] = p.Version
	}
	for _, name := range packages.Guest() {
		assert.NotEmpty(t, have[name], name)
	}
	for _, file := range []string{"rpc.nfsd", "rpc.mountd", "exportfs", "mount.nfs", "rpcbind", "sshd", "mkfs.xfs", "mkfs.ext4"} {
		assert.Contains(t, debugfs(t, img.Path, "stat /usr/sbin/"+file), "Links:", file)
	}
	for _, dir := range mountPoints {
		assert.Contains(t, debugfs(t, img.Path, "stat "+dir), "Type: directory", dir)
	}
	assert.Regexp(t, `Type: directory\s+Mode:\s+0700`, debugfs(t, img.Path, "stat /root/.ssh"))
	for _, trace := range []string{"/etc/apt/sources.list", "/etc/resolv.conf", "/etc/ssh/ssh_host_rsa_key", "/etc/machine-id"} {
		assert.Empty(t, debugfs(t, img.Path, "stat "+trace), "%s is the host's or random", trace)
	}

	// A changed agent must not cost a userland. Minutes would; the bound leaves
	// room for a busy machine.
	changed := t.TempDir() + "/agent"
	require.NoError(t, os.WriteFile(changed, []byte(time.Now().String()), 0o755))
	began := time.Now()
	other, err := b.Ensure(context.Background(), DefaultSpec(), changed)
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(c.Path(roomImages, other.Key)) })
	assert.Less(t, time.Since(began), 20*time.Second)
	t.Logf("new agent in %v", time.Since(began))
	assert.Equal(t, img.BaseKey, other.BaseKey)
}
