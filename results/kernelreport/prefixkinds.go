package kernelreport

import "bytes"

// priorityPrefix recognises "<3>" and the "<c>" with which printk before 3.5 went on with a line.
func priorityPrefix(b []byte) int {
	if hasPrefix(b, "<c>") {
		return 3
	}
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

// droppedPrefix recognises "** 12 printk messages dropped **" before a message: kernels before 4.14 do not end that line.
func droppedPrefix(b []byte) int {
	const words = " printk messages dropped **"
	i := bytes.Index(b[:min(len(b), 60)], []byte(words))
	if i < 0 || !hasPrefix(b, "** ") || i+len(words)+1 >= len(b) {
		return 0
	}
	return i + len(words)
}

// fencePrefix recognises what chats and bug trackers put around a text: "```", "{code}", "{noformat}".
func fencePrefix(b []byte) int {
	if hasPrefix(b, "```") {
		return len("```")
	}
	end := bytes.IndexByte(b[:min(len(b), 40)], '}')
	if end > 0 && (hasPrefix(b, "{code") || hasPrefix(b, "{noformat")) {
		return end + 1
	}
	return 0
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

// recordHost is the length of a host's name before a record of /dev/kmsg, as netconsole sends them and a logger keeps them.
func recordHost(b []byte) int {
	t := trimSpaceLeft(b)
	n := bytes.IndexByte(t[:min(len(t), 64)], ' ')
	if n < 1 || n+1 == len(t) || !isDigit(t[n+1]) || kmsgPrefix(t[n+1:]) == 0 {
		return 0
	}
	return len(b) - len(t) + n
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
	n, host, sp := kernelOf(b)
	if n > 0 || sp == 0 {
		return n, host, false
	}
	t := trimSpaceLeft(b)
	lead, tag := len(b)-len(t), t[sp+1:]
	for _, w := range kernelWords {
		if hasPrefix(trimSpaceLeft(tag), w) {
			return 0, nil, false
		}
	}
	end := bytes.IndexByte(tag[:min(len(tag), 50)], ' ')
	if end < 2 || tag[end-1] != ':' || bytes.HasPrefix(t, []byte("Call")) {
		return 0, nil, false
	}
	return lead + sp + 1 + end, t[:sp], true
}

// kernelTag is the length of the kernel's name as a program: "kernel:", "kernel[0]:".
func kernelTag(b []byte) int {
	if !hasPrefix(b, "kernel") || len(b) < 7 {
		return 0
	}
	if b[6] == ':' {
		return 7
	}
	if b[6] == '[' { // "kernel[0]:", or of the program that passed the messages on
		i := 7
		for i < len(b) && i < 14 && isDigit(b[i]) {
			i++
		}
		if i > 7 && hasPrefix(b[i:], "]:") {
			return i + 2
		}
	}
	return 0
}

// kernelWords begin messages of the kernel's and look like the name of a program.
var kernelWords = [...]string{"INFO:", "BUG:", "WARNING:", "rcu:", "watchdog:", "Call Trace:", "Call trace:", "RIP:", "CPU:", "task:", "Oops:", "Workqueue:"}

// kernelOf recognises "host kernel:" and "kernel:". Where the first word may be a host but another program follows, it
// returns the length of the word.
func kernelOf(b []byte) (n int, host []byte, word int) {
	t := trimSpaceLeft(b)
	lead := len(b) - len(t)
	if k := kernelTag(t); k > 0 {
		return lead + k, nil, 0
	}
	if len(t) == 0 || t[0] == '[' {
		return 0, nil, 0
	}
	sp, limit := 0, min(len(t), 70)
	for sp < limit && t[sp] != ' ' { // short words: a call costs more
		sp++
	}
	if sp == 0 || sp == limit || t[sp-1] == ':' {
		return 0, nil, 0
	}
	if k := kernelTag(t[sp+1:]); k > 0 {
		return lead + sp + 1 + k, t[:sp], 0
	}
	return 0, nil, sp
}
