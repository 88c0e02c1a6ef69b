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
	quoted     bool   // a mail program quoted it
	kernel     bool   // what was before it is the kernel's or names it
	start, end int    // byte offsets of the whole line, without the newline
}

// maxStamp is how far the bracket that ends a time stamp or the name of a printer is looked for.
const maxStamp = 48

// strip takes the prefixes off one line. It looks at each byte at most a few times.
func strip(raw []byte) line {
	ln := line{bare: true}
	raw, ln.host, ln.foreign = decoded(raw)
	raw, _, _ = bytes.Cut(raw, []byte("\n"))
	ln.bare = ln.host == nil
	ln.strip(raw)
	return ln
}

// strip takes the prefixes off a line that is in no encoding, or was decoded.
func (ln *line) strip(raw []byte) {
	if q := trimSpaceLeft(raw); len(q) > 0 && q[0] == '>' {
		ln.quoted = true
	}
	b := trimQuotes(trimSpaceRight(raw))
	dated, prioritised := false, false
	for turn := range 8 { // prefixes stack up: a serial logger's time, syslog, priority, printk's time, the caller
		if len(b) == 0 {
			break
		}
		n := 0
		switch c := b[0]; {
		case c == '[':
			var caller []byte
			if n, caller = bracketPrefix(b); n == 0 && !ln.bare {
				n, caller = taskPrefix(b)
			}
			if caller != nil {
				ln.caller = caller
			}
		case c == '<':
			n = priorityPrefix(b)
			prioritised = n > 0
		case c == '(' || c == '-' || c == '.':
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
		case c == '*':
			n = droppedPrefix(b)
		case c == '`' || c == '{':
			n = fencePrefix(b)
		case c == 'k':
			n = kernelPrefix(b)
		case c == '/':
			var path []byte
			if n, path = procPrefix(b); n > 0 {
				ln.proc = path
			}
		case c == 0x1b:
			n = escapeSequence(b)
		case !ln.bare && len(b) > 2 && b[1] == '[' && c >= 'A' && c <= 'Z': // "I[1:  khungtaskd:   67]": the level stands before it
			if n, ln.caller = taskPrefix(b[1:]); n > 0 {
				n++
			}
		default:
			if n = monthPrefix(b); n > 0 {
				dated = true
			} else if len(b) > 4 && b[1] <= '9' && isDigit(b[1]) {
				n = ln.vendorPrefix(b)
			}
		}
		if n == 0 && (ln.bare || prioritised && turn == 1) && (isLetter(b[0]) || b[0] >= 0x80 || b[0] >= '0' && b[0] <= '9') {
			var host []byte
			if n, host = datedKernel(b); n > 0 && len(host) > 0 {
				ln.host = host
			}
		}
		if n > 0 && dated && ln.host == nil {
			if m := recordHost(b[n:]); m > 0 {
				ln.host = trimSpaceLeft(b[n : n+m])
				n += m
			} else if m, host, foreign := hostPrefix(b[n:]); m > 0 {
				ln.host, ln.foreign = host, foreign
				n += m
			}
		} else if n == 0 && !ln.bare && ln.host == nil {
			// journalctl -o short-monotonic: "[   12.345678] host kernel: text".
			if m, host, _ := kernelOf(b); m > 0 {
				ln.host = host
				n = m
			}
		}
		if n == 0 {
			break
		}
		ln.bare = false
		ln.kernel = ln.kernel || b[0] == '[' || b[0] == '<' || b[n-1] == ':' || b[n-1] == ';'
		b = trimSpaceLeft(b[n:])
	}
	ln.body = b
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

// trimSpaceRight removes blanks and what else ends the lines of consoles.
func trimSpaceRight(b []byte) []byte {
	for n := len(b); n > 0; n-- {
		if c := b[n-1]; c != ' ' && c != '\t' && c != '\r' && c != 0 {
			return b[:n]
		}
	}
	return b[:0]
}

// trimQuotes removes mail quoting ("> > text", ">text", "| text"), and the colon that ABRT puts before lines.
func trimQuotes(b []byte) []byte {
	b = trimSpaceLeft(b)
	for len(b) > 0 && (b[0] == '>' || b[0] == '|') {
		b = trimSpaceLeft(b[1:])
	}
	if len(b) > 4 && b[0] == ':' {
		return trimColon(b)
	}
	return b
}

// trimColon removes the colon before a line, but none of several, and none before a module as kernels before 2.6.20 print
// it: ":nfs:nfs_readpage+0x1/0x2".
func trimColon(b []byte) []byte {
	if b[1] == ':' {
		return b
	}
	if n := 1 + nameRun(b[1:]); n > 1 && n < len(b) && b[n] == ':' && hasPrefix(b[n+1+nameRun(b[n+1:]):], "+0x") {
		return b
	}
	return trimSpaceLeft(b[1:])
}

// printkStamp is the length of "[   12.345678]", which begins nearly every line of a console, or 0.
func printkStamp(b []byte) int {
	if len(b) < 5 || b[0] != '[' {
		return 0
	}
	i := 1
	for i < len(b) && b[i] == ' ' {
		i++
	}
	second := i
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	if i == second || i == len(b) || b[i] != '.' {
		return 0
	}
	for i++; i < len(b) && isDigit(b[i]); i++ {
	}
	if i == len(b) || b[i] != ']' || i >= maxStamp {
		return 0
	}
	return i + 1
}

// bracketPrefix recognises "[   12.345678]", "[12:34:56.789]", "[Mon Jan  1 …]", "[  +0.000010]", "[12.3 <  0.1>]",
// "[T123]", "[   C1]" and "[kernel]", and returns the length and the caller. "[<ffff…>]", "[nfsv4]" and the addresses of a powerpc
// stack are no prefixes.
func bracketPrefix(b []byte) (n int, caller []byte) {
	if n = printkStamp(b); n > 0 {
		return n, nil
	}
	limit := min(len(b), maxStamp)
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
		if sp := bytes.IndexByte(in, ' '); sp > 0 && allDigits(in[:sp]) && bytes.Count(in[sp:], []byte(":")) == 2 {
			return 0, nil // crash's days, hours, minutes and seconds
		}
		for _, d := range in[1:] {
			switch {
			case d >= '0' && d <= '9' || d == ' ' || d == '-' || d == '<' || d == '>' || d == '+' || d == 'T' || d == 'Z' || d == ',' || d == '/' || d == '@': // "[    7.910564@0]": the processor, as boards of one maker have it
			case d == '.' || d == ':':
				mark = true
			default:
				if namedDate(in) {
					return end + 1, nil
				}
				return 0, nil
			}
		}
		if !mark && (c != '+' || bytes.IndexByte(in, ',') < 0) { // "[  +0,000010]" where people write numbers so
			return 0, nil
		}
		return end + 1, nil
	case namedDate(in):
		return end + 1, nil
	case c == '<': // dmesg -t -d leaves "[<    0.000010>]"; an address has no point
		if bytes.IndexByte(in, '.') < 0 || bytes.IndexByte(in, ' ') < 0 {
			return 0, nil
		}
		return end + 2 - 1, nil
	case c == 'T' || c == 'C':
		for _, d := range in[1:] {
			if (d < '0' || d > '9') && d != '@' && d != 'C' { // Android: "[T67@C1]"
				return 0, nil
			}
		}
		if len(in) > 1 {
			return end + 1, in
		}
	case string(in) == "kernel" && end+1 < len(b): // syslog-ng's name of the program
		return end + 1, nil
	}
	return 0, nil
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
