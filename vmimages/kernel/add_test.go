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

	"loopfault/errs"
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
	for tool, file := range map[string]string{"xz": lockd, "gzip": disk} {
		out, err := exec.Command(tool, file).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	scratch := t.TempDir()
	order, err := modulesIn(t.Context(), dir, scratch)
	require.NoError(t, err)
	assert.Equal(t, []string{crc, filepath.Join(scratch, filepath.Base(disk)), sunrpc, filepath.Join(scratch, filepath.Base(lockd)), nfsd}, order, "those that were compressed, too")
	assert.NoFileExists(t, lockd, "the tree may be somebody's own")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "xfs.ko.lzma"), nil, 0o644))
	_, err = modulesIn(t.Context(), dir, scratch)
	assert.ErrorContains(t, err, "xfs.ko.lzma is compressed")
	assert.Equal(t, errs.Usage, errs.ClassOf(err))
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
	for ref, want := range map[string]string{
		"linux-image-6.1-amd64":       "expected a package's name",
		"add_test.go":                 "expected a package's name",
		"debian:linux-source-6.1":     "expected the name of a kernel package",
		"debian:linux-image-6.1 -o x": "expected the name of a kernel package",
		t.TempDir():                   "holds 0 kernels, want one",
	} {
		_, err := b.Add(t.Context(), ref, "agent")
		assert.ErrorContains(t, err, want)
		assert.Equal(t, errs.Usage, errs.ClassOf(err))
	}
}

// Distributions lay their kernels out in their own ways. The guest's program stands for
// itself here; what boots is tested on real kernels.
func TestKernelsAsDistributionsUnpack(t *testing.T) {
	for name, l := range map[string]struct{ image, config, modules string }{
		"Debian":           {"boot/vmlinuz-5.14.0+1-x", "boot/config-5.14.0+1-x", "lib/modules/5.14.0+1-x"},
		"Debian, /usr":     {"boot/vmlinuz-5.14.0+1-x", "boot/config-5.14.0+1-x", "usr/lib/modules/5.14.0+1-x"},
		"beside its parts": {"lib/modules/5.14.0+1-x/vmlinuz", "lib/modules/5.14.0+1-x/config", "lib/modules/5.14.0+1-x"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			put := func(path, text string) {
				path = filepath.Join(root, path)
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
				require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
			}
			put(l.image, "an image")
			put(l.config, "CONFIG_KASAN=y\n")
			require.NoError(t, os.MkdirAll(filepath.Join(root, l.modules), 0o755))
			module(t, filepath.Join(root, l.modules), "nfsd", "")
			agent := filepath.Join(root, "agent")
			put("agent", "#!")
			c, err := cache.Open(t.TempDir())
			require.NoError(t, err)
			b := Builder{Cache: c}
			built, err := b.Add(t.Context(), root, agent)
			require.NoError(t, err)
			assert.Equal(t, "5.14.0-1-x", built.Name, "a plus would be a flavour")
			assert.Equal(t, "5.14.0+1-x", built.Version)
			assert.Equal(t, []string{"KASAN"}, built.Instrumentation)
			assert.Equal(t, [][]string{{"loopfault", "kernel", "add", root}}, built.Commands())
			disk, err := os.ReadFile(built.Initrd)
			require.NoError(t, err)
			assert.Contains(t, unpack(t, disk), "modules/nfsd.ko")
			again, err := b.Add(t.Context(), root, agent)
			require.NoError(t, err)
			assert.Equal(t, built.Key, again.Key)

			put("boot/vmlinuz-6.0", "another")
			_, err = b.Add(t.Context(), root, agent)
			assert.ErrorContains(t, err, "holds 2 kernels, want one")
		})
	}
}
