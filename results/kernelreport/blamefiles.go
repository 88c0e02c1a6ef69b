package kernelreport

import "strings"

// fileClasses say which source files hold functions that tell nothing, by the beginning of the path. Decoded stacks have
// them, and the headers of warnings.
var fileClasses = [...]struct {
	class frameClass
	path  string
}{
	{classPrimitive, "lib/"},
	{classPrimitive, "include/"},
	{classReport, "mm/kasan/"},
	{classReport, "mm/kmsan/"},
	{classReport, "mm/kfence/"},
	{classReport, "mm/kmemleak.c"},
	{classReport, "kernel/kcsan/"},
	{classReport, "kernel/panic.c"},
	{classReport, "kernel/watchdog"},
	{classReport, "kernel/dma/debug.c"},
	{classLock, "kernel/locking/"},
	{classPrint, "kernel/printk/"},
	{classAlloc, "mm/slub.c"},
	{classAlloc, "mm/slab"},
	{classAlloc, "mm/page_alloc.c"},
	{classAlloc, "mm/percpu.c"},
	{classAlloc, "mm/mempool.c"},
	{classWait, "kernel/sched/completion.c"},
	{classWait, "kernel/sched/wait"},
	{classWait, "kernel/sched/swait.c"},
	{classEntry, "kernel/entry/"},
	{classInterrupt, "kernel/irq/"},
	{classInterrupt, "kernel/softirq.c"},
}

// classOfFile is the class of all functions of a source file, or 0. What stands before the tree's own path is passed over:
// decoders print "./", or where the kernel was built.
func classOfFile(path string) frameClass {
	path = strings.TrimPrefix(path, "./")
	for i := range fileClasses {
		if strings.HasPrefix(path, fileClasses[i].path) {
			return fileClasses[i].class
		}
	}
	if rest, ok := strings.CutPrefix(path, "arch/"); ok { // arch/x86/lib/memcpy_64.S, arch/arm64/include/asm/current.h
		if _, rest, ok = strings.Cut(rest, "/"); ok && (strings.HasPrefix(rest, "lib/") || strings.HasPrefix(rest, "include/")) {
			return classPrimitive
		}
	}
	return 0
}

// class is the class of the entry's function: by its name, or else by its source file.
func (f *Frame) class() frameClass {
	if c := classOf(f.Func); c != 0 || f.File == "" {
		return c
	}
	return classOfFile(f.File)
}
