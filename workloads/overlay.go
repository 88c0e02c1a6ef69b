package workloads

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"loopfault/workloads/wire"
)

// upperLayers is where overlays have their upper layers: a local file system, since overlayfs
// does not write to NFS, and away from the load's files, which are the lower layer.
const upperLayers = wire.ExportRoot + "/.overlay"

// MountOverlay mounts an overlay above a mount. upper is what it leaves behind when it is
// unmounted.
func MountOverlay(lower, at string) (upper string, err error) {
	if err := errors.Join(os.MkdirAll(at, 0o755), os.MkdirAll(upperLayers, 0o755)); err != nil {
		return "", err
	}
	if upper, err = os.MkdirTemp(upperLayers, ""); err != nil {
		return "", err
	}
	data := "lowerdir=" + lower
	for _, layer := range []string{"upper", "work"} {
		dir := filepath.Join(upper, layer)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return upper, err
		}
		data += "," + layer + "dir=" + dir
	}
	if err := unix.Mount("overlay", at, "overlay", 0, data); err != nil {
		return upper, fmt.Errorf("mount an overlay above %s (CONFIG_OVERLAY_FS): %w", lower, err)
	}
	return upper, nil
}

// mounted is a mount of the export, with an overlay above it or without.
type mounted struct{ dir, overlay, upper string }

// load is where the load works in it.
func (m mounted) load() string {
	if m.overlay != "" {
		return filepath.Join(m.overlay, wire.LoadDir)
	}
	return filepath.Join(m.dir, wire.LoadDir)
}

// lower is that directory below the overlay, if there is one.
func (m mounted) lower() string {
	if m.overlay == "" {
		return ""
	}
	return filepath.Join(m.dir, wire.LoadDir)
}

// cover puts an overlay above the mount.
func (m *mounted) cover() error {
	at := m.dir + "-overlay"
	upper, err := MountOverlay(m.dir, at)
	m.upper = upper
	if err == nil {
		m.overlay = at
	}
	return err
}

// takeDown unmounts the overlay, and then what is below it, also if the first did not go: forced,
// it would be busy, and requests below it are to be aborted.
func (m mounted) takeDown(flags ...string) error {
	var errs []error
	for _, dir := range []string{m.overlay, m.dir} {
		if dir != "" {
			errs = append(errs, Run(append(append([]string{"umount"}, flags...), dir)...))
		}
	}
	return errors.Join(errs...)
}

// leave removes what the overlay wrote.
func (m mounted) leave() error {
	if m.upper == "" {
		return nil
	}
	return os.RemoveAll(m.upper)
}
