// Package kernelreport reads what the Linux kernel prints when a task hangs or the kernel crashes, in any form in which
// people keep it: a console log, dmesg, syslog, a /proc/<pid>/stack text, or a trace pasted in a mail.
//
// It is a parser: bytes in, reports with byte positions and doubts out. It never panics, whatever the input, works in
// time linear in the input, and holds a bounded amount of it in memory.
//
// It is not a judge (whether a report makes a trial a hang is the verdict's business), it opens no files, resolves no
// addresses to source lines, and knows nothing of QEMU, guests or stores.
//
// Reading order: report.go (what comes out), scanner.go (bytes to lines), engine.go and lines.go (lines to writers),
// prefix.go (what loggers and mail programs put before a line), classify.go and header*.go (what one line says), assemble.go,
// events.go, tasks.go, stack.go and finish.go (lines to a report), blametable.go (which functions tell nothing; the tables to
// edit are in blame*.go), operation.go (what a task was about; the other table), signature.go (what two sightings of one bug
// share). testdata holds the corpus: one file a log, with what must be found in it; `go test -update` rewrites the expectations.
package kernelreport
