package trial

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"loopfault/harness/guest"
	"loopfault/results/store"
)

// dumpReserveMiB is left on the disk beside the largest dump that may come.
const dumpReserveMiB = 512

// dump saves the memory of a guest that hangs or panicked beside its evidence, if
// requested. It comes last: the vCPUs are stopped meanwhile.
func (t *trial) dump(ctx context.Context) {
	if !t.spec.Vmcore {
		return
	}
	t.phase("memory dump")
	began := time.Now()
	text, size, err := t.writeDump(ctx)
	d := &store.Dump{Seconds: time.Since(began).Seconds(), Bytes: size}
	e := entry{Type: "evidence", What: "vmcore", Data: d}
	if err != nil {
		d.Missing, text = err.Error(), "no memory dump: "+err.Error()+"\n"
	}
	t.history.add(e)
	t.result.Dump = d
	t.save("vmcore.txt", text)
}

// writeDump writes the dump under a temporary name until it is complete, and
// returns how to open it.
func (t *trial) writeDump(ctx context.Context) (howTo string, size int64, err error) {
	whole := t.evidencePath("vmcore")
	most := guest.DumpLimit(t.spec.Kernel.MemoryFor(t.spec.Scenario.Guest.Memory.MiB()))
	if err := roomFor(t.spec.Dir, most); err != nil {
		return "", 0, err
	}
	file, err := os.Create(whole + ".partial")
	if err != nil {
		return "", 0, err
	}
	defer os.Remove(file.Name()) // unless it was renamed
	defer file.Close()
	ctx, cancel := context.WithTimeout(ctx, t.budgets.Dump)
	defer cancel()
	if err := t.guest.Dump(ctx, file); err != nil {
		return "", 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return "", 0, err
	}
	howTo, err = t.howToOpen(file)
	if err != nil {
		return "", 0, err
	}
	return howTo, info.Size(), os.Rename(file.Name(), whole)
}

// howToOpen returns instructions for opening the dump.
func (t *trial) howToOpen(dump *os.File) (string, error) {
	info, err := guest.Vmcoreinfo(dump)
	if err != nil {
		return "", err
	}
	vmlinux := t.spec.Kernel.Vmlinux
	if vmlinux == "" {
		vmlinux = "VMLINUX"
	}
	text := fmt.Sprintf(`vmcore is the guest's whole memory, of kernel %s. Open it with its vmlinux,
which needs debug information (flavour debuginfo):
    drgn -c vmcore -s %s
    crash %[2]s vmcore
`, t.result.Kernel, vmlinux)
	if info == "" {
		text += "The kernel left no vmcoreinfo in it, which both programs look for: it lacks CONFIG_FW_CFG_SYSFS or VMCORE_INFO.\n"
	}
	return text, nil
}

// roomFor returns an error if so many more bytes would fill the disk of a directory.
func roomFor(dir string, bytes int64) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return fmt.Errorf("free space of %s: %w", dir, err)
	}
	if left := int64(st.Bavail) * st.Bsize >> 20; left < bytes>>20+dumpReserveMiB {
		return fmt.Errorf("the disk of the results has %d MiB left; the dump may take %d MiB, and %d MiB are kept free", left, bytes>>20, dumpReserveMiB)
	}
	return nil
}
