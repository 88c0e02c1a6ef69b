package guest

import (
	"fmt"
	"strconv"

	"loopfault/workloads/wire"
)

// Names the guest sees.
const (
	AgentPort  = wire.AgentPort // virtio port of Guest.Agent
	WatchPort  = wire.WatchPort // virtio port of Guest.Watch
	rootSerial = "root"         // serial of the root image
	sshPort    = 22
)

// builtin lists the devices every guest has. Their order is part of the
// contract: it decides PCI slots, vda, vdb, …, and which snapshots fit.
func (s Spec) builtin() []Device {
	devices := []Device{machine{s.MemoryMiB, s.CPUs}, monitor{}, serialConsole{}, panicNotifier{}, entropy{}, generation{}, dump{}, ports{}}
	if s.Image != "" {
		devices = append(devices, rootImage{s.Image})
	}
	for i, d := range s.Disks {
		devices = append(devices, scratchDisk{i, d})
	}
	return append(devices, network{})
}

// machine is the board. q35 without HPET boots as fast as pc (2.7 s to the end
// of a rootless boot under TCG); microvm is 0.5 s faster but has neither PCI nor
// ACPI, which distribution kernels, vmgenid and pvpanic want. Without HPET the
// guest has no slow clocksource to fall back to.
type machine struct{ memoryMiB, cpus int }

func (m machine) QEMU(w *Wiring) []string {
	board, memory := "q35,hpet=off", w.Memory("ram", m.memoryMiB)
	if memory != nil {
		board += ",memory-backend=ram"
	}
	return append(memory,
		"-machine", board,
		"-m", strconv.Itoa(m.memoryMiB),
		"-smp", strconv.Itoa(m.cpus),
		"-nodefaults", "-no-user-config", "-display", "none",
		// A reboot would erase the evidence, a panicked guest is kept for it.
		"-no-reboot", "-action", "panic=pause", "-action", "watchdog=pause",
		"-S", // vCPUs wait until the monitor is connected and the SSH port known
	)
}

// Kernel stops a panicked guest, also with kernels without pvpanic, and keeps the
// TSC as clocksource: on a busy host slow reads of acpi_pm make the TSC look
// unstable to the watchdog, and 6.1 drops an emulated TSC at boot with two vCPUs.
// The boot-time check of timer interrupts against a delay loop is off: on a busy
// enough host it fails, and the kernel panics ("IO-APIC + timer doesn't work!").
// The log buffer holds a dump of all tasks, which the serial line prints more
// slowly than it is made.
func (machine) Kernel() []string {
	return []string{"panic=0", "tsc=reliable", "no_timer_check", "log_buf_len=4M"}
}

type monitor struct{}

// QEMU asks for the monitor in the one form that 7.2, 10 and 11 all take without a
// warning: -mon is deprecated in 11, and what replaces it there, -object monitor-qmp,
// is unknown to the others.
func (monitor) QEMU(w *Wiring) []string {
	return []string{"-chardev", w.Channel("qmp"), "-qmp", "chardev:qmp"}
}
func (monitor) Kernel() []string { return nil }

type serialConsole struct{}

func (serialConsole) QEMU(w *Wiring) []string {
	args, chardev := w.Console("console")
	return append(args, "-chardev", chardev, "-serial", "chardev:console")
}

// Kernel starts printing with earlyprintk: a kernel that dies before its
// console driver is up would otherwise die silently.
func (serialConsole) Kernel() []string {
	return []string{"earlyprintk=ttyS0,115200", "console=ttyS0,115200"}
}

// panicNotifier tells QEMU of a panic (guest CONFIG_PVPANIC and PVPANIC_MMIO);
// the console line is the second way to learn of it.
type panicNotifier struct{}

func (panicNotifier) QEMU(*Wiring) []string { return []string{"-device", "pvpanic"} }
func (panicNotifier) Kernel() []string      { return nil }

type entropy struct{}

func (entropy) QEMU(*Wiring) []string { return []string{"-device", "virtio-rng-pci"} }
func (entropy) Kernel() []string      { return nil }

// generation tells the kernel that it was restored (guest CONFIG_VMGENID): each
// QEMU shows another id, and the kernel mixes it into its randomness, which all
// guests of one snapshot would share otherwise.
type generation struct{}

func (generation) QEMU(*Wiring) []string { return []string{"-device", "vmgenid,guid=auto"} }
func (generation) Kernel() []string      { return nil }

// dump lets the memory be read from outside. The guest's kernel tells the device
// where its symbols are (CONFIG_FW_CFG_SYSFS and VMCORE_INFO), and crash(8) and
// drgn want to find that in a dump.
type dump struct{}

func (dump) QEMU(w *Wiring) []string {
	w.Dump()
	return []string{"-device", "vmcoreinfo"}
}
func (dump) Kernel() []string { return nil }

// ports are the two channels to the agent. They bypass the guest's network, so
// a guest that no longer answers SSH can still be examined.
type ports struct{}

func (ports) QEMU(w *Wiring) []string {
	return []string{
		"-device", "virtio-serial-pci,id=ports",
		"-chardev", w.Channel("agent"), "-device", "virtserialport,bus=ports.0,chardev=agent,name=" + AgentPort,
		"-chardev", w.Channel("watch"), "-device", "virtserialport,bus=ports.0,chardev=watch,name=" + WatchPort,
	}
}
func (ports) Kernel() []string { return nil }

type rootImage struct{ path string }

func (r rootImage) QEMU(*Wiring) []string {
	return []string{
		"-blockdev", "driver=raw,node-name=root,read-only=on,file.driver=file,file.filename=" + escape(r.path),
		"-device", "virtio-blk-pci,drive=root,serial=" + rootSerial,
	}
}
func (rootImage) Kernel() []string { return []string{"root=/dev/vda", "ro"} }

type scratchDisk struct {
	index int
	disk  Disk
}

// QEMU leaves host flushes out: the disk dies with the guest, and a slow host
// disk must not look like a slow file system.
func (d scratchDisk) QEMU(w *Wiring) []string {
	id := fmt.Sprintf("scratch%d", d.index)
	args, file := w.Scratch(id, int64(d.disk.SizeMiB)<<20)
	return append(args,
		"-blockdev", fmt.Sprintf("driver=raw,node-name=%s,discard=unmap,cache.no-flush=on,file.driver=file,"+
			"file.discard=unmap,file.cache.no-flush=on,file.filename=%s", id, file),
		"-device", fmt.Sprintf("virtio-blk-pci,drive=%s,serial=%s", id, d.disk.Serial))
}
func (scratchDisk) Kernel() []string { return nil }

// network is QEMU's user network, cut off from the world. The guest is
// 10.0.2.15; its port 22 appears on a port of the host's loopback address that
// the host's kernel picks (0), and that is read back through the monitor.
type network struct{}

func (network) QEMU(*Wiring) []string {
	return []string{
		"-netdev", fmt.Sprintf("user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:%d", sshPort),
		"-device", "virtio-net-pci,netdev=net,romfile=", // no boot ROM: nothing boots from it
	}
}
func (network) Kernel() []string { return nil }
