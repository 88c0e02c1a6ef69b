// Package gdb is a client of QEMU's debugger stub, over GDB's remote protocol: it
// has functions called when a processor of the guest is about to execute an
// instruction, lets them change what the processor does next, and can hold one
// processor while the others go on.
//
// It knows processors, registers and memory, and nothing of kernels, faults or
// scenarios; and it starts no guests.
package gdb
