package kernelreport

import "bytes"

// mayMatter is the quick test that a quiet log must pass: could this line begin a report or part of one? It errs on the
// side of yes. m says what the text may hold that the line is part of.
func mayMatter(b []byte, m marks) bool {
	if len(b) < 4 {
		return false
	}
	switch b[0] {
	case 'I':
		if b[1] == 'N' || b[1] == 'n' && (hasPrefix(b, "Internal error:") || hasPrefix(b, "Info: ")) {
			return true
		}
	case 'T':
		if hasPrefix(b, "Task ") {
			return true
		}
	case 't':
		if b[1] == 'a' && b[2] == 's' && b[3] == 'k' || hasPrefix(b, "traps:") {
			return true
		}
	case 'B':
		if b[1] == 'U' && b[2] == 'G' || b[1] == 'a' && (hasPrefix(b, "Bad mode in") || hasPrefix(b, "Badness in ") || hasPrefix(b, "Backtrace:")) {
			return true
		}
	case 'W':
		if b[1] == 'A' || hasPrefix(b, "Watchdog") {
			return true
		}
	case 'r':
		if b[1] == 'c' && b[2] == 'u' && (bytes.Contains(b, []byte("stall")) || hasPrefix(b, "rcu: INFO:")) {
			return true
		}
	case 'w':
		if hasPrefix(b, "watchdog: ") {
			return true
		}
	case 'N':
		if hasPrefix(b, "NMI watchdog: ") || hasPrefix(b, "NFS: ") && bytes.HasSuffix(b, []byte(" locks")) {
			return true
		}
	case 'K', 'k':
		if hasPrefix(b[1:], "ernel ") || hasPrefix(b, "khungtaskd: ") {
			return true
		}
	case 'U', 'u':
		if hasPrefix(b[1:], "nable to handle") || hasPrefix(b, "unreferenced object 0x") || hasPrefix(b, "UBSAN: ") || hasPrefix(b, "Unhandled fault") {
			return true
		}
	case 'g':
		if hasPrefix(b, "general prot") {
			return true
		}
	case 'O':
		if hasPrefix(b, "Oops") {
			return true
		}
	case 'F':
		if hasPrefix(b, "FAULT_INJ") {
			return true
		}
	case '=', '-':
		if b[2] == b[0] && b[3] == b[0] {
			return true
		}
	case '[':
		if b[1] == '<' || b[1] == ' ' || b[1] == ']' || isHex(b[1]) && isHex(b[2]) && isHex(b[3]) {
			return true
		}
	case '(', '<':
		if b[1] == '[' || (b[1]|0x20) == 's' && b[2] == 'a' {
			return true
		}
	case 'd', 'i', 's', 'a', 'b': // their second letters: most lines that begin so name a driver or a daemon
		switch b[1] {
		case 'i', 'o', 'n', 't', 'e', 'l':
			if trapHeader(b) != "" {
				return true
			}
		}
	case 'C':
		if hasPrefix(b, "Call ") || hasPrefix(b, "CPU: ") {
			return true
		}
	case '#':
		if isDigit(b[1]) {
			return true
		}
	case '0':
		if b[1] == 'x' {
			return true
		}
	case 'L':
		if hasPrefix(b, "Linux version ") {
			return true
		}
	case 'R':
		if hasPrefix(b, "REGS: ") {
			return true
		}
	case 'P':
		if hasPrefix(b, "PID: ") || hasPrefix(b, "PANIC: ") {
			return true
		}
	}
	last := b[len(b)-1]
	if isHex(last) && endsInFlags(b) || last == ')' && (bytes.HasSuffix(b, []byte("(L-TLB)")) || bytes.HasSuffix(b, []byte("(NOTLB)"))) {
		return true
	}
	if isHex(last) && bytes.Contains(b, []byte(" D ")) {
		return true // an old task header that was cut
	}
	if last == '}' && stackInBraces(b) {
		return true
	}
	if (last == 'k' || last == '=' || last == ':') && bytes.Contains(b, []byte("/stack")) {
		return true
	}
	const longest = 64 // of a banner with a path and a name
	if len(b) <= longest && (last == ')' || bytes.IndexByte(b[max(0, len(b)-17):], '#') >= 0) && bytes.Contains(b, []byte("/stack ")) {
		return true
	}
	if isDigit(last) && bytes.Contains(b[:min(len(b), 40)], []byte(": stack overflow: ")) {
		return true
	}
	// A stack entry, or a header after a login prompt that did not end its line.
	if m&markOffset != 0 {
		if i := bytes.Index(b, []byte("+0x")); i > 0 && bytes.IndexByte(b[i:], '/') > 0 {
			return true
		}
	}
	if mayBeTraced(b, m) {
		if _, ok := tracedFrame(b); ok {
			return true
		}
	}
	return midLine(b) > 0
}

// mayBeTraced is the quick test for the stack entry of a tool.
func mayBeTraced(b []byte, m marks) bool {
	switch last := b[len(b)-1]; {
	case b[0] == '=', last == ')' && (isHex(b[0]) || bytes.HasSuffix(b, []byte("([kernel.kallsyms])"))):
		return true
	case last == '\'' || last == ']':
		return m&markOffset != 0
	default:
		return isDigit(last) && bytes.IndexByte(b[max(0, len(b)-8):], '+') >= 0
	}
}

// endsInFlags reports whether b ends in " 0x00000000", as the old task headers do.
func endsInFlags(b []byte) bool {
	i := len(b)
	for i > 0 && isHex(b[i-1]) {
		i--
	}
	return i >= 3 && len(b)-i >= 8 && b[i-1] == 'x' && b[i-2] == '0' && b[i-3] == ' '
}

// midLine finds a printk time stamp inside the line: a prompt without a newline, or another writer, came before it.
func midLine(b []byte) int {
	for i := 1; i < len(b); {
		j := bytes.IndexByte(b[i:], '[')
		if j < 0 {
			return 0
		}
		i += j
		if i+14 < len(b) && (b[i+1] == ' ' || b[i+1] >= '0' && b[i+1] <= '9') {
			if n, _ := bracketPrefix(b[i:]); n >= 10 && bytes.IndexByte(b[i:i+n], '.') > 0 {
				return i
			}
		}
		i++
	}
	return 0
}
