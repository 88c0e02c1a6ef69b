package kernelreport

import (
	"bytes"
	"strings"
)

// badAddress gives one name to what each architecture and age says about a fault on an address.
func badAddress(b []byte) string {
	if bytes.Contains(b, []byte("NULL pointer")) {
		return nullPointer
	}
	return "bad kernel address"
}

const (
	nullPointer   = "NULL pointer dereference"
	stackOverflow = "stack overflow"
)

// trapNames are the processor's exceptions as x86 kernels name them at the start of a line, a colon follows.
var trapNames = [...]string{"invalid opcode", "divide error", "divide_error", "double fault", "double_fault", "stack segment", "stack_segment",
	"stack-segment", "int3", "bounds", "alignment check", "alignment_check", "general protection", "segment not present", "invalid TSS"}

// trapHeader is the name of the exception with which a line begins, or empty.
func trapHeader(b []byte) string {
	for _, n := range trapNames {
		if len(b) > 0 && b[0] == n[0] && hasPrefix(b, n) && hasPrefix(b[len(n):], ": ") {
			if n == "general protection" {
				return "general protection fault"
			}
			return strings.Map(func(r rune) rune {
				if r == '_' || r == '-' {
					return ' '
				}
				return r
			}, n)
		}
	}
	return ""
}

// oopsHeader reads the first lines of a fault on every architecture. again is set for lines that follow another header
// of the same fault as often as they come first.
func oopsHeader(b []byte) (it item, ok bool) {
	overflow := isDigit(b[len(b)-1]) && bytes.Contains(b[:min(len(b), 40)], []byte(": stack overflow: ")) // "do_IRQ: stack overflow: 1808"
	if !overflow && strings.IndexByte("UuKkgOIPBdisba", b[0]) < 0 {                                       // nearly every line of a report
		return item{}, false
	}
	it = item{what: lineHeader, kind: KindOops, usable: true}
	has := func(p string) bool { return bytes.HasPrefix(b, []byte(p)) }
	switch {
	case has("Unable to handle kernel "), has("Unable to handle kernel"), has("unable to handle kernel "):
		it.subject = badAddress(b)
	case has("Kernel attempted to "), has("kernel tried to execute "):
		it.subject = "bad kernel address"
		if bytes.Contains(b, []byte("NULL")) {
			it.subject = nullPointer
		}
	case overflow:
		it.subject = stackOverflow
	case has("general protection fault"):
		it.subject = "general protection fault"
	case has("Oops: "), has("Oops["), has("Oops -"), has("Internal error: "):
		it.subject, it.again = "oops", true
		if bytes.Contains(b, []byte("general protection fault")) { // since 6.10: "Oops: general protection fault, …"
			it.subject = "general protection fault"
		} else if bytes.Contains(b, []byte("stack overflow")) {
			it.subject = stackOverflow
		} else if trap := trapHeader(b[min(len(b), len("Oops: ")):]); trap != "" { // since 6.10: "Oops: divide error: 0000 [#1]"
			it.subject = trap
		}
	case has("PANIC: double fault"):
		it.subject, it.again = "double fault", true
	case trapHeader(b) != "":
		it.subject, it.again = trapHeader(b), true
	case has("kernel stack overflow"), has("Bad mode in "), has("Unhandled fault: "):
		it.subject, it.again = plainSubject(b[:len(b)-len(afterColon(b))]), true
	default:
		return item{}, false
	}
	return it, true
}

// afterColon is what follows the first ": ", or nothing.
func afterColon(b []byte) []byte {
	if i := bytes.Index(b, []byte(": ")); i > 0 {
		return b[i+2:]
	}
	return nil
}
