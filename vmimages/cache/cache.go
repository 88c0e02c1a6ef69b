// Package cache keeps the built files: one directory per key, published in one
// step, guarded by locks that end with their holder. It knows nothing about
// kernels or images, and it never deletes a published entry on its own.
package cache

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"loopfault/errs"

	"golang.org/x/sys/unix"
)

// EnvDir is the environment variable that moves the cache.
const EnvDir = "LOOPFAULT_CACHE"

// Cache is a directory with write access.
type Cache struct{ root string }

// Open uses dir, else $LOOPFAULT_CACHE, else loopfault below the user's cache
// directory, and creates it. A directory that cannot be written is an
// infrastructure error.
func Open(dir string) (*Cache, error) {
	if dir == "" {
		dir = os.Getenv(EnvDir)
	}
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return nil, errs.Infraf("no cache directory: set %s: %w", EnvDir, err)
		}
		dir = filepath.Join(base, "loopfault")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, errs.Infraf("cache directory: %w", err)
	}
	c := &Cache{root: dir}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, c.unwritable(err)
	}
	// Only a write proves that writing works: root on a read-only file system
	// passes every permission check.
	probe, err := os.CreateTemp(dir, ".probe-")
	if err != nil {
		return nil, c.unwritable(err)
	}
	probe.Close()
	os.Remove(probe.Name())
	return c, nil
}

func (c *Cache) unwritable(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	return errs.Infraf("cannot write to cache directory %s (set %s to use another): %w", c.root, EnvDir, err)
}

// Path returns the absolute path of a place in the cache.
func (c *Cache) Path(elem ...string) string {
	return filepath.Join(append([]string{c.root}, elem...)...)
}

// Need returns an infrastructure error unless bytes are free for this user on
// the cache's file system; purpose completes "not enough disk space to …".
func (c *Cache) Need(bytes uint64, purpose string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(c.root, &st); err != nil {
		return errs.Infraf("cannot ask for free space in %s: %w", c.root, err)
	}
	free := st.Bavail * uint64(st.Bsize)
	if free >= bytes {
		return nil
	}
	return errs.Infraf("not enough disk space to %s: %.1f GB needed, %.1f GB free in %s (set %s to use another)",
		purpose, gb(bytes), gb(free), c.root, EnvDir)
}

func gb(n uint64) float64 { return float64(n) / 1e9 }

// Stage makes an empty directory to fill and then Publish as room/key. The
// caller holds a lock that covers room/key: leftovers of a builder that died
// are removed.
func (c *Cache) Stage(room, key string) (string, error) {
	dir := c.Path(room, ".staging-"+key)
	if err := os.RemoveAll(dir); err != nil {
		return "", errs.Infraf("cannot clear %s: %w", dir, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", c.unwritable(err)
	}
	return dir, nil
}

// Publish makes the staged directory visible as room/key, complete on disk, and
// returns its new path.
func (c *Cache) Publish(room, key string) (string, error) {
	stage, final := c.Path(room, ".staging-"+key), c.Path(room, key)
	if err := syncTree(stage); err != nil {
		return "", errs.Infraf("cannot write %s: %w", stage, err)
	}
	if err := os.Rename(stage, final); err != nil {
		return "", errs.Infraf("cannot publish %s: %w", final, err)
	}
	if err := syncPath(c.Path(room)); err != nil {
		return "", errs.Infraf("cannot publish %s: %w", final, err)
	}
	return final, nil
}

func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		return syncPath(path)
	})
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
