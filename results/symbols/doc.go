// Package symbols turns places in kernel functions, as stack traces print them ("evict+0x10c/0x2b0"), into source lines
// with the functions that the compiler inlined there, from the debug information of the kernel that printed them.
//
// It reads one vmlinux. It does not look for kernels, knows nothing of modules in files of their own, and never guesses:
// a function of another size is another build's, and is left as it was printed.
//
// Reading order: kernel.go (a vmlinux: its build id and functions), lines.go (an address to source lines), cache.go
// (answers kept by build id), decode.go (whole reports), print.go (as decode_stacktrace.sh writes them).
package symbols
