package kernel

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"loopfault/errs"
)

// shipped is a kernel as a distribution ships it.
type shipped struct {
	version string
	modules string // directory of its modules
	image   []byte
	config  []byte
	disk    []byte // initial RAM disk, of our own making
}

// findShipped finds the one kernel below a directory. Debian has image and configuration
// in boot, named by the version; Fedora and its kin beside the modules, which since /usr
// was merged may be below that.
func findShipped(root string) (shipped, error) {
	places := map[string][2]string{} // image and configuration, by version
	for _, dir := range []string{"usr/lib/modules", "lib/modules"} {
		images, _ := filepath.Glob(filepath.Join(root, dir, "*", "vmlinuz"))
		for _, image := range images {
			of := filepath.Dir(image)
			places[filepath.Base(of)] = [2]string{image, filepath.Join(of, "config")}
		}
	}
	const prefix = "vmlinuz-"
	images, _ := filepath.Glob(filepath.Join(root, "boot", prefix+"*"))
	for _, image := range images {
		version := strings.TrimPrefix(filepath.Base(image), prefix)
		places[version] = [2]string{image, filepath.Join(root, "boot", "config-"+version)}
	}
	if len(places) != 1 {
		return shipped{}, errs.Usagef("%s holds %d kernels, want one, as boot/vmlinuz-VERSION or lib/modules/VERSION/vmlinuz%s", root, len(places), together(len(places) == 0))
	}
	var k shipped
	var err error
	for version, files := range places {
		k.version = version
		if k.image, err = os.ReadFile(files[0]); err != nil {
			return shipped{}, errs.Usagef("kernel %s: %w", version, err)
		}
		if k.config, err = os.ReadFile(files[1]); err != nil {
			return shipped{}, errs.Usagef("kernel %s has no configuration beside it%s: %w", version, together(true), err)
		}
	}
	k.modules = filepath.Join(root, "lib/modules", k.version)
	if _, err := os.Stat(k.modules); err != nil {
		k.modules = filepath.Join(root, "usr/lib/modules", k.version)
	}
	if _, err := os.Stat(k.modules); err != nil {
		return shipped{}, errs.Usagef("kernel %s has no modules beside it%s: %w", k.version, together(true), err)
	}
	return k, nil
}

// together says, where a part of a kernel is missing, that there may be more packages.
func together(missing bool) string {
	if !missing {
		return ""
	}
	return " (Debian's kernels from 6.19 on are several packages: put linux-binary, linux-modules and linux-base of one version into a directory, and give that)"
}

// loadable makes the RAM disk that the kernel boots with; scratch is a directory to
// make for modules that come compressed.
func (k *shipped) loadable(ctx context.Context, scratch, agent string) error {
	if err := os.Mkdir(scratch, 0o755); err != nil {
		return errs.Infraf("cannot unpack the modules of kernel %s: %w", k.version, err)
	}
	modules, err := modulesIn(ctx, k.modules, scratch)
	if err != nil {
		return err
	}
	if k.disk, err = ramdisk(agent, modules); err != nil {
		return errs.Infraf("cannot make the RAM disk of kernel %s: %w", k.version, err)
	}
	return nil
}
