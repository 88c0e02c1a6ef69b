package kernel

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"loopfault/errs"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bootImage makes the part of a bzImage that Resolve looks at.
func bootImage(version string) []byte {
	b := make([]byte, 0x3000)
	binary.LittleEndian.PutUint16(b[offBootFlag:], bootFlag)
	copy(b[offMagic:], "HdrS")
	if version != "" {
		binary.LittleEndian.PutUint16(b[offVersion:], 0x2000)
		copy(b[0x2200:], version)
	}
	return b
}

func TestResolve(t *testing.T) {
	b := newBench(t)
	b.build(b.spec("stock"))
	built, _ := b.build(b.spec("my-fix", patchOf("a.patch", diffA)))

	got, err := Resolve(b.Cache, "my-fix")
	require.NoError(t, err)
	assert.Equal(t, built, got)

	dir := t.TempDir()
	t.Chdir(dir)
	write(t, dir, map[string]string{
		"my-fix":                     "a file of that name does not hide the build",
		"image":                      string(bootImage("6.1.2-rc3 (me@here) #1 SMP")),
		"tree/arch/x86/boot/bzImage": string(bootImage("6.6.6 x")),
		"tree/.config":               "CONFIG_KASAN=y\nCONFIG_FAILSLAB=y\n",
		"tree/vmlinux":               "elf",
		"unversioned":                string(bootImage("")),
		"vmlinux":                    "\x7fELF...",
		"text":                       "hello",
		"empty":                      "",
		"unbuilt/Makefile":           "",
	})
	got, err = Resolve(b.Cache, "my-fix")
	require.NoError(t, err)
	assert.Equal(t, built.Key, got.Key)

	got, err = Resolve(b.Cache, "image")
	require.NoError(t, err)
	assert.Equal(t, "6.1.2-rc3", got.Version)
	assert.Equal(t, filepath.Join(dir, "image"), got.BzImage)
	assert.Len(t, got.ImageHash, 64)
	assert.Empty(t, got.Config)

	got, err = Resolve(b.Cache, "./tree")
	require.NoError(t, err)
	assert.Equal(t, "6.6.6", got.Version)
	assert.Equal(t, filepath.Join(dir, "tree/vmlinux"), got.Vmlinux)
	assert.Equal(t, filepath.Join(dir, "tree/.config"), got.Config)
	assert.Empty(t, got.SystemMap)
	assert.Equal(t, []string{"FAILSLAB", "KASAN"}, got.Instrumentation)

	got, err = Resolve(b.Cache, built.Dir)
	require.NoError(t, err)
	assert.Equal(t, built.Key, got.Key)

	got, err = Resolve(b.Cache, "unversioned")
	require.NoError(t, err)
	assert.Empty(t, got.Version)

	for k, want := range map[string]string{
		"my-fxi":                   `no kernel "my-fxi", did you mean my-fix? (built are my-fix, stock;`,
		"control-lost-wakeup":      "kernel control-lost-wakeup is not built yet: run loopfault kernel build control-lost-wakeup",
		"nothing-like-any-of-it":   `no kernel "nothing-like-any-of-it" (built are`,
		"":                         `no kernel ""`,
		"no/where":                 "no such file",
		"vmlinux":                  "is an ELF file, not a bzImage",
		"text":                     "is no x86 kernel image: it has no boot header",
		"empty":                    "is no x86 kernel image",
		"unbuilt":                  "holds no built kernel: there is no arch/x86/boot/bzImage in it",
		filepath.Join(dir, "text"): "has no boot header",
	} {
		_, err := Resolve(b.Cache, k)
		require.ErrorContains(t, err, want, k)
		assert.Equal(t, errs.Usage, errs.ClassOf(err), k)
	}
}

func TestBuildRemovedByHandIsMadeAgain(t *testing.T) {
	b := newBench(t)
	built, _ := b.build(b.spec("stock"))
	require.NoError(t, os.Remove(built.BzImage))
	_, err := Resolve(b.Cache, "stock")
	require.ErrorContains(t, err, "not built yet")
	again, files := b.build(b.spec("stock"))
	assert.Empty(t, files, "objects are still there")
	assert.Equal(t, built.ImageHash, again.ImageHash)
}

func FuzzImageHeader(f *testing.F) {
	f.Add(bootImage("6.1.2 x"))
	f.Add(bootImage("")[:0x210])
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "image")
		require.NoError(t, os.WriteFile(path, data, 0o644))
		if b, err := fromImage(path); err == nil {
			assert.NotContains(t, b.Version, " ")
		}
	})
}

func TestNearest(t *testing.T) {
	assert.Equal(t, "stock", nearest("stokc", []string{"control", "stock"}))
	assert.Empty(t, nearest("stock", []string{"control", "shock-absorber"}))
}
