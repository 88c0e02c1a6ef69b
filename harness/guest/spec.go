package guest

import (
	"fmt"
	"regexp"
	"slices"

	"loopfault/errs"
)

// Spec describes one guest. It is plain data: the same Spec gives the same
// command line on every host.
type Spec struct {
	Name      string   // shown by ps and in messages; letters, digits and "._-"
	Kernel    string   // path of a bzImage
	Initrd    string   // path of an initial RAM disk, or ""
	Image     string   // path of a raw root image, shared read-only by any number of guests, or ""
	MemoryMiB int      // guest memory
	CPUs      int      // number of vCPUs
	Disks     []Disk   // scratch disks, in the order the guest sees them after the root image
	Devices   []Device // further devices, added after the built-in ones
	Append    []string // kernel arguments after those of the devices
}

// Disk is a scratch disk: empty, sparse, private to one guest and gone with it.
// The guest finds it by /sys/block/*/serial.
type Disk struct {
	Serial  string // 1 to 20 letters, digits, "._-"
	SizeMiB int    // apparent size; the host stores only what the guest wrote
}

// Device is one part of the machine: a value that contributes QEMU arguments
// and kernel arguments. Both must depend on nothing but the value and what the
// Wiring hands out.
type Device interface {
	QEMU(w *Wiring) []string
	Kernel() []string
}

// minMemoryMiB is what a Linux kernel needs to unpack itself at all.
const minMemoryMiB = 64

// serialLimit is VIRTIO_BLK_ID_BYTES: QEMU truncates longer serials.
const serialLimit = 20

var plainName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

func (s Spec) check() error {
	bad := func(format string, args ...any) error {
		return &errs.Error{Class: errs.Usage, Message: fmt.Sprintf("guest %q: ", s.Name) + fmt.Sprintf(format, args...)}
	}
	switch {
	case !plainName.MatchString(s.Name):
		return bad(`name: letters, digits and "._-" expected`)
	case s.Kernel == "":
		return bad("kernel: path of a bzImage expected")
	case s.MemoryMiB < minMemoryMiB:
		return bad("memory: at least %d MiB expected, got %d", minMemoryMiB, s.MemoryMiB)
	case s.CPUs < 1:
		return bad("cpus: at least 1 expected, got %d", s.CPUs)
	}
	var serials []string
	for i, d := range s.Disks {
		switch {
		case !plainName.MatchString(d.Serial) || len(d.Serial) > serialLimit:
			return bad(`disk %d: serial of 1 to %d letters, digits and "._-" expected, got %q`, i, serialLimit, d.Serial)
		case slices.Contains(serials, d.Serial) || d.Serial == rootSerial:
			return bad("disk %d: serial %q is taken", i, d.Serial)
		case d.SizeMiB < 1:
			return bad("disk %q: size of at least 1 MiB expected, got %d", d.Serial, d.SizeMiB)
		}
		serials = append(serials, d.Serial)
	}
	return nil
}

// Accel is how QEMU executes guest code.
type Accel struct {
	Name string // "kvm" or "tcg"
	CPU  string // QEMU's -cpu model
}

// TCG is emulation: works everywhere, about ten times slower per instruction.
func TCG() Accel { return Accel{Name: "tcg", CPU: "max"} }

// KVM is hardware virtualization with the given CPU model. Its presence proves
// nothing; package accel finds out whether it boots anything.
func KVM(cpu string) Accel { return Accel{Name: "kvm", CPU: cpu} }

// Scale is the factor for timeouts.For.
func (a Accel) Scale() float64 {
	if a.Name == "kvm" {
		return 1
	}
	return 2
}

func (a Accel) args() []string {
	name := a.Name
	if name == "tcg" {
		name = "tcg,thread=multi" // else all vCPUs share one host thread
	}
	// Without page tables of five levels, which no guest needs: Linux 7.x cannot be built
	// without them, and forgets for a moment of its boot that it uses them. With KASAN an
	// interrupt at that moment is reported as a wild memory access.
	return []string{"-accel", name, "-cpu", a.CPU + ",la57=off"}
}
