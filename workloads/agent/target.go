package agent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"loopfault/workloads"
)

// The kernel's own SCSI target, in configfs.
const (
	configfs    = "/sys/kernel/config"
	targetCore  = configfs + "/target/core/iblock_0/export"
	targetPort  = configfs + "/target/loopback/naa.5001405000000001/tpgt_1"
	targetNexus = "naa.5001405000000002"
	unitSerial  = "6c6f6f70-6661-756c-7400-000000000001"
	// stateOfTarget is where the target keeps reservations that outlive it; a registration
	// that cannot be written there is refused.
	stateOfTarget = "/var/target"
	byID          = "/dev/disk/by-id"
)

// targetPatience bounds the wait for a disk to appear in a slow guest.
const targetPatience = 20 * time.Second

// scsiDisk exports another disk as a SCSI disk and returns its path. Servers and
// clients of SCSI layouts fence each other by persistent reservations, which QEMU's
// disks lack.
func scsiDisk(backing string) (string, error) {
	if err := unix.Mount("configfs", configfs, "configfs", 0, ""); err != nil && err != unix.EBUSY {
		return "", fmt.Errorf("mount configfs (CONFIG_CONFIGFS_FS): %w", err)
	}
	if err := unix.Mount("tmpfs", stateOfTarget, "tmpfs", 0, "mode=0755"); err != nil {
		return "", fmt.Errorf("mount %s: %w", stateOfTarget, err)
	}
	lun := filepath.Join(targetPort, "lun", "lun_0")
	for _, step := range []func() error{
		func() error { return os.Mkdir(filepath.Join(stateOfTarget, "pr"), 0o755) },
		func() error { return makeInTarget(targetCore) },
		func() error { return workloads.WriteKnob(targetCore+"/control", "udev_path="+backing) },
		func() error { return workloads.WriteKnob(targetCore+"/enable", "1") },
		func() error { return workloads.WriteKnob(targetCore+"/wwn/vpd_unit_serial", unitSerial) },
		func() error { return makeInTarget(targetPort) },
		func() error { return workloads.WriteKnob(targetPort+"/nexus", targetNexus) },
		func() error { return makeInTarget(lun) },
		func() error { return os.Symlink(targetCore, filepath.Join(lun, "export")) },
	} {
		if err := step(); err != nil {
			return "", fmt.Errorf("set up the kernel's SCSI target (CONFIG_TARGET_CORE, CONFIG_TCM_IBLOCK, CONFIG_LOOPBACK_TARGET): %w", err)
		}
	}
	return namedDisk()
}

// makeInTarget makes a directory of the target's configuration, and its parents,
// which the kernel makes only on request.
func makeInTarget(dir string) error {
	if _, err := os.Stat(filepath.Dir(dir)); errors.Is(err, os.ErrNotExist) {
		if err := makeInTarget(filepath.Dir(dir)); err != nil {
			return err
		}
	}
	return os.Mkdir(dir, 0o755)
}

// namedDisk waits for the target's disk, and makes the link by which clients of SCSI
// layouts look it up, as udev would.
func namedDisk() (string, error) {
	for began := time.Now(); time.Since(began) < targetPatience; time.Sleep(readyPause) {
		files, _ := filepath.Glob("/sys/block/sd*/device/wwid")
		for _, f := range files {
			text, err := os.ReadFile(f)
			id, isNAA := strings.CutPrefix(strings.TrimSpace(string(text)), "naa.")
			disk := filepath.Join("/dev", filepath.Base(filepath.Dir(filepath.Dir(f))))
			if _, missing := os.Stat(disk); err != nil || missing != nil || !isNAA {
				continue
			}
			if err := os.MkdirAll(byID, 0o755); err != nil {
				return "", err
			}
			return disk, os.Symlink(disk, filepath.Join(byID, "wwn-0x"+id))
		}
	}
	return "", fmt.Errorf("the SCSI target's disk does not appear within %s (CONFIG_BLK_DEV_SD)", targetPatience)
}
