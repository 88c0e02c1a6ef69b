package kernel

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/vmimages"
	"loopfault/vmimages/cache"
)

// module compiles an object that says of itself what modules say.
func module(t *testing.T, dir, name, needs string) string {
	t.Helper()
	path := filepath.Join(dir, name+".ko")
	cc := exec.Command("gcc", "-c", "-x", "c", "-o", path, "-")
	cc.Stdin = strings.NewReader(fmt.Sprintf(`const char info[] __attribute__((section(".modinfo"), used)) = "license=GPL\0depends=%s\0name=%s";`, needs, name))
	out, err := cc.CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

func TestModulesComeAfterWhatTheyNeed(t *testing.T) {
	dir := t.TempDir()
	nfsd := module(t, dir, "nfsd", "sunrpc,lockd")
	lockd := module(t, dir, "lockd", "sunrpc")
	sunrpc := module(t, dir, "sunrpc", "")
	disk := module(t, dir, "virtio_blk", "built-in")
	crc := module(t, dir, "crc32c-intel", "")
	module(t, dir, "unrelated", "sunrpc")
	out, err := exec.Command("xz", lockd, disk).CombinedOutput()
	require.NoError(t, err, string(out))
	order, err := modulesIn(t.Context(), dir)
	require.NoError(t, err)
	assert.Equal(t, []string{crc, disk, sunrpc, lockd, nfsd}, order, "those that were compressed, too")
	assert.FileExists(t, lockd)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "xfs.ko.zst"), nil, 0o644))
	_, err = modulesIn(t.Context(), dir)
	assert.ErrorContains(t, err, "xfs.ko.zst is compressed")
	assert.Equal(t, vmimages.Usage, vmimages.ClassOf(err))
}

func TestRAMDiskHoldsAgentAndModules(t *testing.T) {
	dir := t.TempDir()
	agent := filepath.Join(dir, "agent")
	require.NoError(t, os.WriteFile(agent, []byte("#!"), 0o644))
	disk, err := ramdisk(agent, []string{module(t, dir, "a", ""), module(t, dir, "b", "a")})
	require.NoError(t, err)
	files := unpack(t, disk)
	assert.Equal(t, "#!", files["init"])
	assert.Equal(t, "/modules/a.ko\n/modules/b.ko\n", files["loopfault-modules"])
	assert.Contains(t, files["modules/b.ko"], "depends=a")
	assert.Len(t, files, 7, "two directories and the trailer beside them")
}

// unpack reads a cpio archive as the kernel's documentation of early user space has it.
func unpack(t *testing.T, disk []byte) map[string]string {
	t.Helper()
	const header = 110
	files := map[string]string{}
	up := func(n int) int { return (n + 3) &^ 3 }
	for at := 0; at < len(disk); {
		var size, name int
		_, err := fmt.Sscanf(string(disk[at+54:at+62])+" "+string(disk[at+94:at+102]), "%x %x", &size, &name)
		require.NoError(t, err)
		require.Equal(t, "070701", string(disk[at:at+6]))
		body := at + up(header+name)
		files[string(disk[at+header:at+header+name-1])] = string(disk[body : body+size])
		at = body + up(size)
	}
	return files
}

func TestKernelPackages(t *testing.T) {
	assert.Positive(t, compareVersions("linux-image-6.1.0-56-amd64", "linux-image-6.1.0-9-amd64"))
	series, flavour, ok := cutSeries("linux-image-6.1-amd64")
	assert.True(t, ok)
	assert.Equal(t, "6.1 amd64", series+" "+flavour)
	c, err := cache.Open(t.TempDir())
	require.NoError(t, err)
	b := Builder{Cache: c}
	for _, ref := range []string{"linux-image-6.1-amd64", "debian:linux-source-6.1", "debian:linux-image-6.1 -o x"} {
		_, err := b.Add(t.Context(), ref, "agent")
		assert.ErrorContains(t, err, "expected the name of a kernel package")
		assert.Equal(t, vmimages.Usage, vmimages.ClassOf(err))
	}
}
