package kernel

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/vmimages/debian"
)

// shelf is an archive with packages by name, each with one file in it.
type shelf map[string]string

func (s shelf) Names(_ context.Context, prefix string) (names []string, err error) {
	for name := range s {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names, nil
}

func (s shelf) Depends(_ context.Context, name string) ([]string, error) {
	if name != "linux-image-amd64" {
		return nil, nil
	}
	return []string{"linux-base-amd64", "linux-image-7.3.4+deb13-amd64"}, nil
}

func (s shelf) Fetch(_ context.Context, name string, use func(deb string, v debian.Version) error) error {
	file, ok := s[name]
	if !ok {
		return errs.Usagef("no suite of Debian's archive has a package %s", name)
	}
	dir, err := os.MkdirTemp("", "shelf-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for path, text := range map[string]string{"DEBIAN/control": "Package: " + name + "\nVersion: 1\nArchitecture: all\nMaintainer: nobody <n@example.org>\nDescription: x\n", file: ""} {
		path = filepath.Join(dir, "root", path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	if err := exec.Command("dpkg-deb", "--build", filepath.Join(dir, "root"), filepath.Join(dir, "x.deb")).Run(); err != nil {
		return err
	}
	return use(filepath.Join(dir, "x.deb"), debian.Version{Package: name, Version: "1"})
}

// Kernels of today come in several packages, older ones in one; a series stands for its
// newest kernel, and for none with a word more in its name.
func TestKernelPackagesAreFoundWithTheirParts(t *testing.T) {
	from := shelf{
		"linux-image-7.3-amd64": "old", "linux-image-7.3.4+deb13-amd64": "doc", "linux-image-7.3.12+deb13-cloud-amd64": "x", "linux-image-7.3.3+deb14-amd64": "x",
		"linux-binary-7.3.4+deb13-amd64": "boot/vmlinuz", "linux-modules-7.3.4+deb13-amd64": "usr/lib/modules/x", "linux-base-7.3.4+deb13-amd64": "boot/config",
		"linux-binary-7.3.3+deb14-amd64": "x", "linux-image-6.1.0-56-amd64": "boot/vmlinuz-6.1", "linux-image-6.1.0-9-amd64": "x",
		"linux-image-6.1.0-0.deb11.5-amd64": "x",
	}
	for name, want := range map[string][]string{
		"linux-image-7.3-amd64":         {"boot/config", "boot/vmlinuz", "doc", "usr/lib/modules/x"},
		"linux-image-amd64":             {"boot/config", "boot/vmlinuz", "doc", "usr/lib/modules/x"},
		"linux-image-7.3.4+deb13-amd64": {"boot/config", "boot/vmlinuz", "doc", "usr/lib/modules/x"},
		"linux-image-6.1-amd64":         {"boot/vmlinuz-6.1"},
	} {
		root := filepath.Join(t.TempDir(), "root")
		require.NoError(t, fetchShipped(t.Context(), from, name, root), name)
		var got []string
		require.NoError(t, filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				path, err = filepath.Rel(root, path)
				got = append(got, path)
			}
			return err
		}))
		slices.Sort(got)
		assert.Equal(t, want, got, name)
	}
	for name, want := range map[string]string{
		"linux-image-5.4-amd64":   "no kernel package of series 5.4 for amd64 in any suite",
		"linux-image-nowhere":     "no kernel package linux-image-nowhere in any suite",
		"linux-image-9.9.9-amd64": "no suite of Debian's archive has a package linux-image-9.9.9-amd64",
	} {
		err := fetchShipped(t.Context(), from, name, t.TempDir())
		require.ErrorContains(t, err, want)
		assert.Equal(t, errs.Usage, errs.ClassOf(err), name)
	}
}
