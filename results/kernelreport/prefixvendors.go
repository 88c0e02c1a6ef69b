package kernelreport

import "bytes"

// printerPrefix recognises "(1)[67:khungtaskd]", with or without a dash before it: some vendors' kernels name the CPU
// and the task that prints. That task is not the one that hangs.
func printerPrefix(b []byte) (n int, caller []byte) {
	i := 0
	if b[i] == '-' || b[i] == '.' {
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

// taskPrefix recognises what some vendors' kernels put behind the time: the task that prints, with its pid and sometimes the
// processor, "[khungtaskd:67]", "[1:  khungtaskd:   67]".
func taskPrefix(b []byte) (n int, caller []byte) {
	end := bytes.IndexByte(b[:min(len(b), 40)], ']')
	if end < 4 || b[0] != '[' || end+1 == len(b) {
		return 0, nil
	}
	in := b[1:end]
	colon := bytes.LastIndexByte(in, ':')
	if colon < 1 || !allDigits(trimSpaceLeft(in[colon+1:])) || bytes.IndexByte(in, '<') >= 0 {
		return 0, nil
	}
	return end + 1, in
}

// vendorPrefix recognises what is a letter and digits.
func (ln *line) vendorPrefix(b []byte) (n int) {
	switch {
	case ln.bare:
		n = klogPrefix(b)
	case b[0] == 'c':
		var caller []byte
		if n, caller = processorPrefix(b); n > 0 {
			ln.caller = caller
		}
	}
	return n
}

// processorPrefix recognises "c3   2145 " behind a time: some vendors' kernels name the processor and the pid that prints.
func processorPrefix(b []byte) (n int, caller []byte) {
	i := 1
	for i < len(b) && i < 4 && isDigit(b[i]) {
		i++
	}
	blank := i
	for blank < len(b) && b[blank] == ' ' {
		blank++
	}
	end := blank
	for end < len(b) && isDigit(b[end]) {
		end++
	}
	if i == 1 || blank == i || end == blank || end-blank > 7 || end+1 >= len(b) || b[end] != ' ' {
		return 0, nil
	}
	return end, b[:end]
}

// klogPrefix recognises what Kubernetes' programs put before lines that they pass on: "E0914 11:07:26.000123       1 log.go:32] ".
func klogPrefix(b []byte) int {
	if len(b) < 30 || bytes.IndexByte([]byte("IWEF"), b[0]) < 0 || !allDigits(b[1:5]) || b[5] != ' ' || b[8] != ':' || b[11] != ':' {
		return 0
	}
	end := bytes.Index(b[:min(len(b), 90)], []byte("] "))
	if end < 0 || bytes.IndexByte(b[:end], '[') >= 0 || !bytes.Contains(b[:end], []byte(".go:")) {
		return 0
	}
	return end + 1
}
