// Package gdb is a client of QEMU's debugger stub, over GDB's remote protocol: it
// calls handlers when a vCPU is about to execute an instruction, lets them change
// what the vCPU does next, and can hold one vCPU while the others run.
//
// It deals with vCPUs, registers and memory, not with kernels, faults or
// scenarios; and it starts no guests.
package gdb
