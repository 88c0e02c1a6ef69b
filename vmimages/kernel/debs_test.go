package kernel

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/vmimages/cache"
)

// debOf packs files as one of Debian's packages.
func debOf(t *testing.T, dir, name string, files map[string]string) string {
	t.Helper()
	tree := t.TempDir()
	require.NoError(t, os.Chmod(tree, 0o755))
	files["DEBIAN/control"] = "Package: " + name + "\nVersion: 7.3.4-1\nArchitecture: amd64\nMaintainer: x <x@example.org>\nDescription: x\n"
	for path, text := range files {
		path = filepath.Join(tree, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	deb := filepath.Join(dir, name+"_7.3.4-1_amd64.deb")
	out, err := exec.Command("dpkg-deb", "--root-owner-group", "-b", tree, deb).CombinedOutput()
	require.NoError(t, err, string(out))
	return deb
}

func TestAKernelInSeveralPackages(t *testing.T) {
	const v = "7.3.4+deb13-amd64"
	debs, scratch := t.TempDir(), t.TempDir()
	nfsd, err := os.ReadFile(module(t, scratch, "nfsd", ""))
	require.NoError(t, err)
	agent := filepath.Join(scratch, "agent")
	require.NoError(t, os.WriteFile(agent, []byte("#!"), 0o755))
	c, err := cache.Open(t.TempDir())
	require.NoError(t, err)
	b := Builder{Cache: c}
	add := func(ref string) (Build, error) { return b.Add(t.Context(), ref, agent) }

	image := debOf(t, debs, "linux-image-"+v, map[string]string{"usr/share/doc/x": ""})
	_, err = add(image)
	require.ErrorContains(t, err, "holds 0 kernels")
	assert.ErrorContains(t, err, "put linux-binary, linux-modules and linux-base of one version into a directory")
	debOf(t, debs, "linux-binary-"+v, map[string]string{"boot/vmlinuz-" + v: "an image"})
	_, err = add(debs)
	require.ErrorContains(t, err, "has no configuration beside it (Debian's kernels from 6.19 on")
	debOf(t, debs, "linux-base-"+v, map[string]string{"boot/config-" + v: "CONFIG_KASAN=y\n"})
	_, err = add(debs)
	require.ErrorContains(t, err, "has no modules beside it (Debian's kernels from 6.19 on")
	assert.Equal(t, errs.Usage, errs.ClassOf(err))
	debOf(t, debs, "linux-modules-"+v, map[string]string{"usr/lib/modules/" + v + "/kernel/nfsd.ko": string(nfsd)})
	debOf(t, debs, "linux-image-"+v+"-dbg", map[string]string{"usr/lib/debug/boot/vmlinux": "huge"})
	debOf(t, debs, "linux-headers-"+v, map[string]string{"usr/src/x": ""})

	whole, err := add(debs)
	require.NoError(t, err)
	assert.Equal(t, "7.3.4-deb13-amd64", whole.Name, "a plus would be a flavour")
	assert.Equal(t, v, whole.Version)
	one, err := add(image)
	require.NoError(t, err, "the others lie beside it")
	assert.Equal(t, whole.Key, one.Key)

	debOf(t, debs, "linux-binary-7.3.5+deb13-amd64", map[string]string{"boot/vmlinuz-7.3.5+deb13-amd64": "an image"})
	_, err = add(debs)
	require.ErrorContains(t, err, "holds 2 kernels, want one")
	_, err = add(image)
	require.NoError(t, err, "one file means one kernel")
}
