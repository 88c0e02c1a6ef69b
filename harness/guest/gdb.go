package guest

// GDB is QEMU's debugger stub: a device to add to Spec.Devices. Whoever connects to
// Guest.Listener(GDBSocket) speaks GDB's remote protocol; the processors stand
// still from then on until they are told to go on, or the connection is detached.
type GDB struct{}

// GDBSocket is the id of the stub's socket.
const GDBSocket = "gdb"

// QEMU is the stub's arguments.
func (GDB) QEMU(w *Wiring) []string {
	return []string{"-chardev", w.Listener(GDBSocket), "-gdb", "chardev:" + GDBSocket}
}

// Kernel keeps addresses as they are in vmlinux.
func (GDB) Kernel() []string { return []string{"nokaslr"} }
