package kernelreport

import "bytes"

// line is one line of input with everything removed that loggers, mail programs and printk itself put before the text.
type line struct {
	body       []byte // the kernel's text, white space trimmed
	host       []byte // the host that syslog names, or nil
	caller     []byte // who printed: "T123", "C1", or "67:khungtaskd"; nil if not told
	proc       []byte // the path of a /proc file before a colon, as grep prints it; nil otherwise
	bare       bool   // no prefix of a logger or of printk at all
	foreign    bool   // syslog says that a program other than the kernel wrote it
	start, end int    // byte offsets of the whole line, without the newline
}

// strip takes the prefixes off one line. It looks at each byte at most a few times.
func strip(raw []byte) line {
	ln := line{bare: true}
	if bytes.IndexByte(raw, 0xc2) >= 0 {
		raw = bytes.ReplaceAll(raw, []byte("\u00a0"), []byte(" ")) // web pages keep blanks this way
	}
	b := trimQuotes(bytes.TrimRight(raw, " \t\r\x00"))
	dated := false
	for range 8 { // prefixes stack up: a serial logger's time, syslog, priority, printk's time, the caller
		if len(b) == 0 {
			break
		}
		n := 0
		switch c := b[0]; {
		case c == '[':
			var caller []byte
			n, caller = bracketPrefix(b)
			if caller != nil {
				ln.caller = caller
			}
		case c == '<':
			n = priorityPrefix(b)
		case c == '(' || c == '-':
			var caller []byte
			n, caller = printerPrefix(b)
			if caller != nil {
				ln.caller = caller
			}
		case c >= '0' && c <= '9':
			if n = kmsgPrefix(b); n == 0 {
				if n = clockPrefix(b); n > 0 {
					dated = dated || bytes.IndexByte(b[:n], 'T') > 0 || n == 17 && b[10] == '.'
				}
			}
		case c == 'k':
			n = kernelPrefix(b)
		case c == '/':
			var path []byte
			if n, path = procPrefix(b); n > 0 {
				ln.proc = path
			}
		case c == 0x1b:
			n = escapeSequence(b)
		default:
			if n = monthPrefix(b); n > 0 {
				dated = true
			}
		}
		if n > 0 && dated && ln.host == nil {
			if m, host, foreign := hostPrefix(b[n:]); m > 0 {
				ln.host, ln.foreign = host, foreign
				n += m
			}
		} else if n == 0 && !ln.bare && ln.host == nil {
			// journalctl -o short-monotonic: "[   12.345678] host kernel: text".
			if m, host, foreign := hostPrefix(b); m > 0 && !foreign {
				ln.host = host
				n = m
			}
		}
		if n == 0 {
			break
		}
		ln.bare = false
		b = trimSpaceLeft(b[n:])
	}
	ln.body = b
	return ln
}

// trimSpaceLeft removes blanks, including the non-breaking ones that web pages and mail programs leave.
func trimSpaceLeft(b []byte) []byte {
	for len(b) > 0 {
		switch {
		case b[0] == ' ' || b[0] == '\t' || b[0] == 0 || b[0] == '\r':
			b = b[1:]
		case b[0] == 0xc2 && len(b) > 1 && b[1] == 0xa0:
			b = b[2:]
		default:
			return b
		}
	}
	return b
}

// trimQuotes removes mail quoting ("> > text", ">text", "| text").
func trimQuotes(b []byte) []byte {
	b = trimSpaceLeft(b)
	for len(b) > 0 && (b[0] == '>' || b[0] == '|') {
		b = trimSpaceLeft(b[1:])
	}
	return b
}

// bracketPrefix recognises "[   12.345678]", "[12:34:56.789]", "[Mon Jan  1 …]", "[  +0.000010]", "[12.3 <  0.1>]",
// "[T123]" and "[   C1]", and returns the length and the caller. "[<ffff…>]", "[nfsv4]" and the addresses of a powerpc
// stack are no prefixes.
func bracketPrefix(b []byte) (n int, caller []byte) {
	limit := min(len(b), 48)
	end := bytes.IndexByte(b[:limit], ']')
	if end < 2 {
		return 0, nil
	}
	in := b[1:end]
	for len(in) > 0 && in[0] == ' ' {
		in = in[1:]
	}
	if len(in) == 0 {
		return 0, nil
	}
	switch c := in[0]; {
	case c >= '0' && c <= '9' || c == '+':
		mark := false
		for _, d := range in[1:] {
			switch {
			case d >= '0' && d <= '9' || d == ' ' || d == '-' || d == '<' || d == '>' || d == '+' || d == 'T' || d == 'Z' || d == ',' || d == '/':
			case d == '.' || d == ':':
				mark = true
			default:
				return 0, nil
			}
		}
		if !mark {
			return 0, nil
		}
		return end + 1, nil
	case c == '<': // dmesg -t -d leaves "[<    0.000010>]"; an address has no point
		if bytes.IndexByte(in, '.') < 0 || bytes.IndexByte(in, ' ') < 0 {
			return 0, nil
		}
		return end + 2 - 1, nil
	case c == 'T' || c == 'C':
		for _, d := range in[1:] {
			if d < '0' || d > '9' {
				return 0, nil
			}
		}
		if len(in) > 1 {
			return end + 1, in
		}
	case isMonthOrDay(in):
		if bytes.IndexByte(in, ':') > 0 {
			return end + 1, nil
		}
	}
	return 0, nil
}

// priorityPrefix recognises "<3>".
func priorityPrefix(b []byte) int {
	for i := 1; i < len(b) && i <= 4; i++ {
		if b[i] == '>' && i > 1 {
			return i + 1
		}
		if b[i] < '0' || b[i] > '9' {
			return 0
		}
	}
	return 0
}

// printerPrefix recognises "(1)[67:khungtaskd]", with or without a dash before it: some vendors' kernels name the CPU
// and the task that prints. That task is not the one that hangs.
func printerPrefix(b []byte) (n int, caller []byte) {
	i := 0
	if b[i] == '-' {
		i++
	}
	if i >= len(b) || b[i] != '(' {
		return 0, nil
	}
	i++
	digits := i
	for i < len(b) && i < digits+4 && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	if i == digits || i+2 >= len(b) || b[i] != ')' || b[i+1] != '[' {
		return 0, nil
	}
	in := b[i+2 : min(len(b), i+2+40)]
	colon := bytes.IndexByte(in, ':')
	end := bytes.IndexByte(in, ']')
	if colon < 1 || end < colon || !allDigits(in[:colon]) {
		return 0, nil
	}
	return i + 2 + end + 1, in[:end]
}

// kmsgPrefix recognises a /dev/kmsg record: "3,1234,5678901,-,caller=T12;text".
func kmsgPrefix(b []byte) int {
	commas := 0
	for i := 0; i < len(b) && i < 80; i++ {
		switch c := b[i]; {
		case c == ';':
			if commas >= 3 {
				return i + 1
			}
			return 0
		case c == ',':
			commas++
		case commas < 3 && (c < '0' || c > '9'):
			return 0
		}
	}
	return 0
}

// clockPrefix recognises a date or a time of day at the start: "2025-01-02T03:04:05.678+00:00 ", "2025-01-02 ",
// "03:04:05.678: ", "1736000000.123456 host". A number alone is no prefix: lock lists start with one.
func clockPrefix(b []byte) int {
	colons, dashes, digits, i := 0, 0, 0, 0
scan:
	for ; i < len(b) && i < 40; i++ {
		switch c := b[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == ':':
			colons++
		case c == '-':
			dashes++
		case c == 'T' || c == 'Z' || c == '.' || c == ',' || c == '+' || c == '/':
		default:
			break scan
		}
	}
	if i >= len(b) || b[i] != ' ' && b[i] != '\t' {
		return 0
	}
	if colons >= 2 && digits >= 5 || dashes == 2 && digits == 8 {
		return i
	}
	if digits == 16 && i == 17 && b[10] == '.' {
		return i // journalctl -o short-unix
	}
	if i == digits && i <= 6 && i+2 < len(b) && b[i+1] == '[' && (b[i+2] == ' ' || b[i+2] >= '0' && b[i+2] <= '9') {
		return i // a line number that an editor or a web page put before a time stamp
	}
	return 0
}

// kernelPrefix recognises "kernel: text", "kernel:[ 12.3] text" and dmesg -x's "kern  :err   : text".
func kernelPrefix(b []byte) int {
	if bytes.HasPrefix(b, []byte("kernel:")) {
		return len("kernel:")
	}
	if !bytes.HasPrefix(b, []byte("kern")) {
		return 0
	}
	rest := b[4:]
	colons := 0
	for i := 0; i < len(rest) && i < 20; i++ {
		switch c := rest[i]; {
		case c == ':':
			if colons++; colons == 2 {
				return 4 + i + 1
			}
		case c == ' ' || colons == 1 && c >= 'a' && c <= 'z':
		default:
			return 0
		}
	}
	return 0
}

// procPrefix recognises the file name that `grep . /proc/*/stack` puts before each line.
func procPrefix(b []byte) (n int, path []byte) {
	if !bytes.HasPrefix(b, []byte("/proc/")) {
		return 0, nil
	}
	end := bytes.Index(b[:min(len(b), 64)], []byte("/stack:"))
	if end < 0 {
		return 0, nil
	}
	n = end + len("/stack:")
	if len(trimSpaceLeft(b[n:])) == 0 {
		return 0, nil // a heading, not a prefix
	}
	return n, b[:end+len("/stack")]
}

// escapeSequence recognises a terminal's colour code.
func escapeSequence(b []byte) int {
	if len(b) < 3 || b[1] != '[' {
		return 0
	}
	for i := 2; i < len(b) && i < 16; i++ {
		if b[i] >= 0x40 && b[i] <= 0x7e {
			return i + 1
		}
	}
	return 0
}

// monthPrefix recognises syslog's "Jan  2 03:04:05 " and a date that starts with a weekday.
func monthPrefix(b []byte) int {
	if len(b) < 15 || !isMonthOrDay(b) {
		return 0
	}
	colon := bytes.IndexByte(b[:min(len(b), 28)], ':')
	if colon < 5 || colon+5 >= len(b) || b[colon+3] != ':' {
		return 0
	}
	for _, c := range b[3:colon] {
		if c == ' ' || c >= '0' && c <= '9' || c == ',' {
			continue
		}
		if !isLetter(c) {
			return 0
		}
	}
	i := colon + 4
	for i < len(b) && (b[i] >= '0' && b[i] <= '9' || b[i] == '.') {
		i++
	}
	if i < len(b) && b[i] == ' ' {
		return i
	}
	return 0
}

// hostPrefix recognises " host kernel:" or " kernel:" after a date, and " host program[1]:", which is foreign.
func hostPrefix(b []byte) (n int, host []byte, foreign bool) {
	t := trimSpaceLeft(b)
	lead := len(b) - len(t)
	if bytes.HasPrefix(t, []byte("kernel:")) {
		return lead + len("kernel:"), nil, false
	}
	sp := bytes.IndexByte(t[:min(len(t), 70)], ' ')
	if sp < 1 || t[sp-1] == ':' {
		return 0, nil, false
	}
	tag := t[sp+1:]
	if bytes.HasPrefix(tag, []byte("kernel:")) {
		return lead + sp + 1 + len("kernel:"), t[:sp], false
	}
	end := bytes.IndexByte(tag[:min(len(tag), 50)], ' ')
	if end < 2 || tag[end-1] != ':' || bytes.HasPrefix(t, []byte("Call")) {
		return 0, nil, false
	}
	return lead + sp + 1 + end, t[:sp], true
}

// isMonthOrDay reports whether b starts with the English name of a month or weekday, three letters.
func isMonthOrDay(b []byte) bool {
	if len(b) < 4 || b[3] != ' ' && b[3] != ',' {
		return false
	}
	switch string(b[:3]) {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
		"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
		return true
	}
	return false
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}
