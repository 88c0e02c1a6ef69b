package kernelreport

import (
	"bytes"
	"strconv"
)

// addresses removes "[<…>]", "[]" and powerpc's "[c000…]" from the front.
func addresses(b []byte) ([]byte, frameStyle) {
	style := stylePlain
	if n := hexRun(b[:min(len(b), 17)]); n >= 8 && hasPrefix(b[n:], ":  [<") { // user-mode Linux: where in the stack
		b = b[n+len(":  "):]
	}
	for len(b) > 1 && b[0] == '[' {
		if b[1] == ']' {
			b, style = trimSpaceLeft(b[2:]), styleAddress
			continue
		}
		end := bytes.IndexByte(b[:min(len(b), 28)], ']')
		if end < 2 {
			return b, style
		}
		in := b[1:end]
		if in[0] == '<' {
			if in[len(in)-1] != '>' {
				return b, style
			}
			in = in[1 : len(in)-1]
			if string(in) == "0" {
				style = styleProc
			} else if hexRun(in) == len(in) || string(in) == "(null)" || string(in) == "(ptrval)" || string(in) == "(____ptrval____)" {
				style = styleAddress
			} else {
				return b, style
			}
		} else if len(in) >= 8 && hexRun(in) == len(in) {
			style = styleAddress
		} else {
			return b, style
		}
		b = trimSpaceLeft(b[end+1:])
	}
	return b, style
}

// moduleBefore is " [mod]" at the start of b if next follows it.
func moduleBefore(b []byte, next string) []byte {
	if len(b) < 4 || b[0] != ' ' || b[1] != '[' {
		return nil
	}
	end := bytes.IndexByte(b[:min(len(b), 70)], ']')
	if end < 3 || nameRun(b[2:end]) != end-2 || !hasPrefix(b[end+1:], next) {
		return nil
	}
	return b[:end+1]
}

// offsets reads "+0x1/0x2"; both are empty if it is not there.
func offsets(b []byte) (offset, size string, rest []byte) {
	if len(b) < 6 || b[0] != '+' || b[1] != '0' || b[2] != 'x' {
		return "", "", b
	}
	n := hexRun(b[3:])
	if n == 0 || n > 16 || len(b) < 3+n+3 || b[3+n] != '/' || b[4+n] != '0' || b[5+n] != 'x' {
		return "", "", b
	}
	m := hexRun(b[6+n:])
	if m == 0 || m > 16 {
		return "", "", b
	}
	return string(b[1 : 3+n]), string(b[4+n : 6+n+m]), b[6+n+m:]
}

// fileAndLine reads " (fs/nfs/pnfs.c:123)" and " fs/nfs/pnfs.c:123", with decode_stacktrace's discriminator or without.
func fileAndLine(b []byte) (file string, lineNo int, rest []byte) {
	t := trimSpaceLeft(b)
	if len(t) < 5 || len(t) == len(b) {
		return "", 0, b
	}
	paren := t[0] == '('
	if paren {
		t = t[1:]
	}
	colon := bytes.IndexByte(t, ':')
	if colon < 3 || colon > maxName || bytes.IndexByte(t[:colon], ' ') >= 0 || bytes.IndexByte(t[:colon], '.') < 0 {
		return "", 0, b
	}
	n := colon + 1
	for n < len(t) && t[n] >= '0' && t[n] <= '9' {
		n++
	}
	num, err := strconv.Atoi(string(t[colon+1 : n]))
	if err != nil {
		return "", 0, b
	}
	tail := t[n:]
	if paren && bytes.HasPrefix(tail, []byte(" ")) && !bytes.HasPrefix(tail, []byte(" (")) {
		// "(a.h:1 b.h:2 f.c:3)": decode_stacktrace lists inlined code first; the last place is in the function itself.
		if f, l, rest := fileAndLine(append([]byte(" ("), tail[1:]...)); f != "" {
			return f, l, rest
		}
	}
	if paren {
		end := bytes.IndexByte(tail, ')')
		if end < 0 {
			return "", 0, b
		}
		if bytes.HasPrefix(tail, []byte(" (discriminator")) {
			if end++; end < len(tail) && tail[end] == ')' {
				end++
			}
			tail = tail[end:]
		} else {
			tail = tail[end+1:]
		}
	}
	return string(t[:colon]), num, tail
}

// nameRun is the length of the symbol or module name at the start of b.
func nameRun(b []byte) int {
	for i, c := range b {
		if !isLetter(c) && c != '_' && c != '.' && c != '$' && (i == 0 || c < '0' || c > '9') {
			return i
		}
	}
	return len(b)
}

func hexRun(b []byte) int {
	for i, c := range b {
		if !isHex(c) {
			return i
		}
	}
	return len(b)
}
