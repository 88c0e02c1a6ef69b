package agent

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"loopfault/workloads/wire"
)

// enterImage is for kernels that have their drivers in modules: process 1 then begins
// in an initial RAM disk, loads them all, and goes on as the image's own process 1.
// In the image there is nothing to do.
func enterImage() error {
	list, err := os.ReadFile(wire.ModuleList)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, m := range earlyMounts[:3] { // proc, sysfs, devtmpfs
		if err := os.MkdirAll(m.target, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.source, m.target, m.fs, 0, ""); err != nil && err != unix.EBUSY {
			return fmt.Errorf("mount %s: %w", m.fs, err)
		}
	}
	for path := range strings.FieldsSeq(string(list)) {
		if err := loadModule(path); err != nil {
			// The users of a missing module report it, with more context.
			fmt.Printf("loopfault: module %s: %v\n", path, err)
		}
	}
	return switchRoot()
}

func loadModule(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.FinitModule(int(f.Fd()), "", 0); err != unix.EEXIST {
		return err
	}
	return nil
}

// switchRoot mounts the image, and executes its process 1. Disks appear a moment after
// their driver.
func switchRoot() error {
	const root, disk = "/image", "/dev/vda"
	for tries := 0; ; tries++ {
		if _, err := os.Stat(disk); err == nil {
			break
		}
		if tries == 500 {
			return fmt.Errorf("there is no %s after 10 s", disk)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(disk, root, "ext2", unix.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("mount %s: %w", disk, err)
	}
	if err := unix.Mount("/dev", root+"/dev", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("move /dev: %w", err)
	}
	if err := os.Chdir(root); err != nil {
		return err
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("move the image to /: %w", err)
	}
	if err := unix.Chroot("."); err != nil {
		return err
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	return syscall.Exec(wire.AgentPath, []string{wire.AgentPath}, os.Environ())
}
