package guest

import (
	"fmt"
	"os"
	"strings"

	"al.essio.dev/pkg/shellescape"
)

// qemuEnv names the QEMU to use.
const qemuEnv = "LOOPFAULT_QEMU"

// sandboxEnv, set to "off", runs QEMU without its sandbox.
const sandboxEnv = "LOOPFAULT_SANDBOX"

// QEMU is the program that Options.QEMU stands for: itself, or $LOOPFAULT_QEMU,
// or qemu-system-x86_64.
func QEMU(program string) string {
	if program != "" {
		return program
	}
	if q := os.Getenv(qemuEnv); q != "" {
		return q
	}
	return "qemu-system-x86_64"
}

// Command returns the argument vector that Start uses for spec, without
// starting anything. Of o only QEMU and Accel matter.
func Command(spec Spec, o Options) []string {
	return build(spec, o, &Wiring{})
}

// Reproduce returns a shell script that boots the same machine by hand: console
// on the terminal, scratch disks and sockets in a temporary directory.
func Reproduce(spec Spec, o Options) string {
	wiring := &Wiring{byPath: true}
	argv := build(spec, o, wiring)
	var b strings.Builder
	fmt.Fprintf(&b, "#!/bin/sh\n# Guest %s. Leave with: quit (on qmp.sock) or kill.\nset -e\n", spec.Name)
	b.WriteString("dir=$(mktemp -d)\ntrap 'rm -rf \"$dir\"' EXIT\ncd \"$dir\"\n")
	for _, n := range wiring.needs {
		fmt.Fprintf(&b, "truncate -s %d %s.raw\n", n.bytes, n.id)
	}
	b.WriteString(shellescape.QuoteCommand(argv))
	b.WriteByte('\n')
	return b.String()
}

func build(spec Spec, o Options, w *Wiring) []string {
	argv := []string{QEMU(o.QEMU), "-name", spec.Name + ",debug-threads=on"}
	if os.Getenv(sandboxEnv) != "off" {
		argv = append(argv, "-sandbox", sandbox(o.Freezable))
	}
	argv = append(argv, o.Accel.args()...)
	var kernel []string
	for _, d := range append(spec.builtin(), spec.Devices...) {
		argv = append(argv, d.QEMU(w)...)
		kernel = append(kernel, d.Kernel()...)
	}
	argv = append(argv, w.stateArgs()...)
	if w.byPath {
		argv = without(argv, "-S") // nothing would start the vCPUs
	}
	argv = append(argv, "-kernel", spec.Kernel)
	if spec.Initrd != "" {
		argv = append(argv, "-initrd", spec.Initrd)
	}
	argv = append(argv, "-append", strings.Join(append(kernel, spec.Append...), " "))
	return argv
}

// sandbox is what QEMU drops before the guest runs, so that a guest that escapes its machine can do little: no
// new program, no privileges, no old system calls. Only a guest that will be frozen may start a program, cat,
// which Freeze needs; it only boots and mounts, and guests restored from its snapshot may not. The filter
// denies only one system call that QEMU makes in a boot: clone3, for which the C library falls back to clone.
func sandbox(freezable bool) string {
	spawn := "deny"
	if freezable {
		spawn = "allow"
	}
	return "on,obsolete=deny,elevateprivileges=deny,resourcecontrol=deny,spawn=" + spawn
}

func without(argv []string, flag string) []string {
	var kept []string
	for _, a := range argv {
		if a != flag {
			kept = append(kept, a)
		}
	}
	return kept
}
