package accel

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"

	"loopfault/harness/guest"
)

// memoryFile is the cached answer, in the cache directory.
const memoryFile = "accelerator.json"

// host is everything the answer depends on. Any change invalidates the answer.
type host struct {
	Format   int       `json:"format"` // of the memory file
	QEMU     string    `json:"qemu"`   // resolved path
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
	Release  string    `json:"release"` // of the host's kernel, with its build
	BootID   string    `json:"boot_id"`
	KVM      string    `json:"kvm"` // device number and whether we may open it
}

type memory struct {
	Host   host
	Choice Choice
}

const format = 1

func identify(qemu string) (host, error) {
	h := host{Format: format, QEMU: guest.QEMU(qemu)}
	path, err := exec.LookPath(h.QEMU)
	if err != nil {
		return host{}, guest.MissingQEMU(h.QEMU, err)
	}
	if h.QEMU, err = filepath.EvalSymlinks(path); err != nil {
		return host{}, guest.MissingQEMU(path, err)
	}
	info, err := os.Stat(h.QEMU)
	if err != nil {
		return host{}, guest.MissingQEMU(path, err)
	}
	h.Size, h.Modified = info.Size(), info.ModTime().UTC()
	var name unix.Utsname
	if err := unix.Uname(&name); err == nil {
		h.Release = unix.ByteSliceToString(name.Release[:]) + " " + unix.ByteSliceToString(name.Version[:])
	}
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	h.BootID = strings.TrimSpace(string(id))
	h.KVM = fmt.Sprint(openKVM())
	if info, err := os.Stat(kvmDevice); err == nil {
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			h.KVM = fmt.Sprintf("%#x %s", stat.Rdev, h.KVM)
		}
	}
	return h, nil
}

// recall returns the answer for exactly this host. An unreadable cache counts
// as empty.
func recall(dir string, h host) (Choice, bool) {
	if dir == "" {
		return Choice{}, false
	}
	text, err := os.ReadFile(filepath.Join(dir, memoryFile))
	if err != nil {
		return Choice{}, false
	}
	var m memory
	if err := json.Unmarshal(text, &m); err != nil || m.Host != h {
		return Choice{}, false
	}
	return m.Choice, m.Choice.Accel.Name != ""
}

func remember(dir string, h host, c Choice) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(memory{h, c}, "", "  ")
	if err != nil {
		return err
	}
	return renameio.WriteFile(filepath.Join(dir, memoryFile), append(text, '\n'), 0o644)
}
