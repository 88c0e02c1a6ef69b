package kernel

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/vmimages/debian"
)

// sourcePackage is a package such as linux-source-9.9, with a fake tree in its tarball.
func sourcePackage(t *testing.T, b *bench, file string) (deb string) {
	t.Helper()
	root := t.TempDir()
	parent := filepath.Dir(b.source)
	require.NoError(t, os.Rename(b.source, filepath.Join(parent, "linux-source-9.9")))
	write(t, root, map[string]string{
		"DEBIAN/control": "Package: linux-source-9.9\nVersion: 9.9.9-1\nArchitecture: all\nMaintainer: nobody <n@example.org>\nDescription: x\n",
		"usr/src/README": "",
	})
	out, err := exec.Command("tar", "-C", parent, "-cJf", filepath.Join(root, "usr/src", file), "linux-source-9.9").CombinedOutput()
	require.NoError(t, err, string(out))
	deb = filepath.Join(t.TempDir(), "linux-source-9.9.deb")
	out, err = exec.Command("dpkg-deb", "--build", root, deb).CombinedOutput()
	require.NoError(t, err, string(out))
	return deb
}

func TestSourceIsDownloadedOnceAndKept(t *testing.T) {
	b := newBench(t)
	deb, asked := sourcePackage(t, b, "linux-source-9.9.tar.xz"), 0
	b.tarballs = t.TempDir()
	b.fetch = func(_ context.Context, name string, use func(string, debian.Version) error) error {
		asked++
		return use(deb, debian.Version{Package: name, Version: "9.9.9-1", Suite: "sid"})
	}
	s := Spec{Name: "x", Source: "debian:9.9"}
	built, _ := b.build(s)
	again, err := b.Ensure(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, built.Key, again.Key)
	assert.Equal(t, 1, asked)
	path, err := b.FetchSource(t.Context(), "9.9")
	require.NoError(t, err)
	assert.Equal(t, b.Cache.Path(roomSources, "linux-source-9.9.tar.xz"), path)
	text, err := os.ReadFile(path + ".json")
	require.NoError(t, err)
	var v debian.Version
	require.NoError(t, json.Unmarshal(text, &v))
	assert.Equal(t, debian.Version{Package: "linux-source-9.9", Version: "9.9.9-1", Suite: "sid"}, v)
	staged, err := filepath.Glob(b.Cache.Path(roomSources, ".staging*"))
	require.NoError(t, err)
	assert.Empty(t, staged)
}

// What the host has installed is used as it is.
func TestSourceThatIsInstalledIsNotDownloaded(t *testing.T) {
	b := newBench(t)
	b.tarballs = t.TempDir()
	write(t, b.tarballs, map[string]string{"linux-source-9.9.tar.xz": "a tarball"})
	b.fetch = func(context.Context, string, func(string, debian.Version) error) error {
		t.Error("nothing is to be downloaded")
		return nil
	}
	path, err := b.FetchSource(t.Context(), "9.9")
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(b.tarballs, "linux-source-9.9.tar.xz"), path)
}

func TestSourceThatCannotBeHadLeavesNothing(t *testing.T) {
	b := newBench(t)
	wrong := sourcePackage(t, b, "linux-source-1.1.tar.xz")
	b.tarballs = t.TempDir()
	for want, fetch := range map[string]func(string, func(string, debian.Version) error) error{
		"kernel source debian:9.9: no suite of Debian's archive has a package linux-source-9.9": func(name string, _ func(string, debian.Version) error) error {
			return errs.Usagef("no suite of Debian's archive has a package %s", name)
		},
		"package linux-source-9.9 1 holds no usr/src/linux-source-9.9.tar.xz": func(name string, use func(string, debian.Version) error) error {
			return use(wrong, debian.Version{Package: name, Version: "1"})
		},
		"dpkg-deb": func(name string, use func(string, debian.Version) error) error {
			cut := filepath.Join(t.TempDir(), "cut.deb")
			text, err := os.ReadFile(wrong)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(cut, text[:len(text)/2], 0o644))
			return use(cut, debian.Version{Package: name, Version: "1"})
		},
	} {
		b.fetch = func(_ context.Context, name string, use func(string, debian.Version) error) error {
			return fetch(name, use)
		}
		_, err := b.Ensure(t.Context(), Spec{Name: "x", Source: "debian:9.9"})
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "\n")
		left, err := filepath.Glob(b.Cache.Path(roomSources, "*"))
		require.NoError(t, err)
		assert.Equal(t, []string{b.Cache.Path(roomSources, "linux-source-9.9.lock")}, left)
	}
}
