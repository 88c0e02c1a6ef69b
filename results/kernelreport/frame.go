package kernelreport

import "bytes"

// frameStyle says how a stack entry was written, which tells whose stack it may belong to.
type frameStyle uint8

const (
	stylePlain   frameStyle = iota // "f+0x1/0x2 [mod]"
	styleProc                      // "[<0>] f+0x1/0x2": only /proc/<pid>/stack hides addresses this way
	styleAddress                   // "[<ffffffff81000000>] f+0x1/0x2", "[] f+0x1/0x2", and powerpc's "[c000…] [c000…]"
	styleDecoded                   // "f (file.c:12) mod"
	styleTool                      // crash, drgn, gdb, perf and bpftrace, each in its way
	styleArm                       // "(f) from [<…>] (g+0x1/0x2)": two frames a line
)

// maxName is the longest symbol that is believed; the kernel's own limit is 512.
const maxName = 512

// parsedFrame is a stack entry with what only the assembler needs to know.
type parsedFrame struct {
	frame  Frame
	callee string // arm only: the function that the frame calls
	style  frameStyle
	first  bool // a tool numbered it 0: another stack begins
	end    bool // "0xffffffffffffffff", with which old kernels end a /proc stack; frame is empty
	tidy   bool // nothing unknown follows the entry
}

// plainEntry recognises an entry that is nothing but "f+0x1/0x2", perhaps with an address or a question mark before it and a
// module behind it: no other line looks like that, whatever its words.
func plainEntry(b []byte) bool {
	b, _ = addresses(b)
	if hasPrefix(b, "? ") {
		b = b[2:]
	}
	n := nameRun(b)
	if n == 0 {
		return false
	}
	b = b[n:]
	for _, sign := range [...]string{"+0x", "/0x"} {
		if !hasPrefix(b, sign) {
			return false
		}
		b = b[len(sign):]
		if n = hexRun(b); n == 0 || n > 16 {
			return false
		}
		b = b[n:]
	}
	end := len(b) - 1
	return len(b) == 0 || end > 2 && b[0] == ' ' && b[1] == '[' && b[end] == ']' && nameRun(b[2:end]) == end-2
}

// parseFrame reads one stack entry. b is the line's text without prefixes and surrounding blanks.
func parseFrame(b []byte) (parsedFrame, bool) {
	var p parsedFrame
	if len(b) < 4 {
		return p, false
	}
	q := false
	if b[0] == '#' {
		return numberedFrame(b)
	}
	if b[0] == '(' && b[1] == '[' { // s390 puts unreliable entries in parentheses
		q = true
		b = bytes.TrimSuffix(b[1:], []byte(")"))
	}
	b, p.style = addresses(b)
	if len(b) > 1 && b[0] == '?' && b[1] == ' ' {
		q = true
		b = trimSpaceLeft(b[2:])
		var more frameStyle
		if b, more = addresses(b); more != stylePlain {
			p.style = more
		}
	}
	if len(b) == 0 {
		return p, false
	}
	if b[0] == '(' { // arm: "(f) from [<c0>] (g+0x1/0x2)"
		return armFrame(b, p, q)
	}
	if b[0] == '0' && len(b) > 2 && b[1] == 'x' {
		n := hexRun(b[2:])
		if rest, ok := bytes.CutPrefix(b[2+n:], []byte(" : ")); ok && n >= 8 && nameRun(rest) > 0 { // SystemTap's
			f, ok := parseFrame(rest)
			f.style = styleTool
			if f.frame.Module == "kernel" {
				f.frame.Module = ""
			}
			return f, ok
		}
		if n < 8 || n > 16 || 2+n != len(b) {
			return p, false
		}
		p.tidy = p.style != stylePlain // without brackets it is one only if it stands in a stack
		if string(b) == "0xffffffffffffffff" || string(b) == "0xffffffff" {
			p.end = true
		} else {
			p.frame = Frame{Func: string(b), Questionable: q}
		}
		return p, true
	}
	if b[0] == ':' { // before 2.6.25: ":jbd:log_wait_commit+0xa3/0xf5"
		if n := nameRun(b[1:]); n > 0 && n <= maxName && n+2 < len(b) && b[1+n] == ':' {
			p.frame.Module = string(b[1 : 1+n])
			b = b[n+2:]
		}
	}
	n := nameRun(b)
	if n == 0 || n > maxName {
		return p, false
	}
	name, rest := b[:n], b[n:]
	if bytes.HasPrefix(rest, []byte(" from ")) || len(moduleBefore(rest, " from ")) > 0 {
		return armFrame(b, p, q)
	}
	p.frame.Func = string(bytes.TrimPrefix(name, []byte("."))) // powerpc's old ABI marks code with a dot
	p.frame.Questionable = q
	offset, size, rest := offsets(rest)
	p.frame.Offset, p.frame.Size = offset, size
	file, lineNo, rest := fileAndLine(rest)
	p.frame.File, p.frame.Line = file, lineNo
	if offset == "" {
		if file == "" {
			return p, p.retyped(rest)
		}
		if string(name) == "at" {
			return p, false // the rest of an entry of a debugger's
		}
		p.style = max(p.style, styleDecoded)
	}
	p.tidy = p.trailer(rest, file != "")
	return p, true
}

// retyped reads an entry without the function's size, as people retype it: "f+0x1", "f+0x1 [mod]".
func (p *parsedFrame) retyped(b []byte) bool {
	if !hasPrefix(b, "+0x") {
		return false
	}
	n := hexRun(b[3:])
	if n == 0 || n > 8 {
		return false
	}
	p.frame.Offset = string(b[1 : 3+n])
	return p.trailer(b[3+n:], false)
}

// trailer reads what follows the function: "[mod]", "[mod build-id]", "(unreliable)", arm64's "(P)", a decoded stack's
// bare module name. It reports whether it knew everything.
func (p *parsedFrame) trailer(b []byte, decoded bool) bool {
	for {
		b = trimSpaceLeft(b)
		switch {
		case len(b) == 0:
			return true
		case b[0] == '[':
			end := bytes.IndexByte(b, ']')
			if end < 0 && p.style == styleProc && len(b) < 24 && nameRun(b[1:]) == len(b)-1 {
				return true // the text ends in the module's name, and nothing but /proc hides addresses so
			}
			if end < 2 {
				return false
			}
			in := b[1:end]
			if sp := bytes.IndexByte(in, ' '); sp > 0 {
				in = in[:sp]
			}
			if nameRun(in) != len(in) || len(in) > maxName {
				return false
			}
			if string(in) == "inline" { // how syzbot's decoder marks what was inlined
				p.frame.Inlined = true
			} else if string(in) != "kernel" || p.style != styleTool {
				p.frame.Module = string(in)
			}
			b = b[end+1:]
		case b[0] == '(':
			end := bytes.IndexByte(b, ')')
			if end < 1 || end > 40 {
				return false
			}
			if string(b[1:end]) == "unreliable" {
				p.frame.Questionable = true
			}
			b = b[end+1:]
		case decoded && nameRun(b) == len(b) && len(b) <= maxName:
			p.frame.Module = string(b)
			return true
		default:
			return false
		}
	}
}

// armFrame reads "(f) from [<c0>] (g+0x1/0x2 [mod])" and "f from g+0x1/0x2": f is called by g, and only g's place in g
// is known.
func armFrame(b []byte, p parsedFrame, q bool) (parsedFrame, bool) {
	callee, rest := b, []byte(nil)
	if b[0] == '(' {
		end := bytes.IndexByte(b, ')')
		if end < 2 {
			return p, false
		}
		callee, rest = b[1:end], b[end+1:]
	} else {
		n := nameRun(b)
		callee, rest = b[:n], b[n:]
	}
	if m := moduleBefore(rest, " from "); len(m) > 0 {
		rest = rest[len(m):]
	}
	if i := bytes.IndexByte(callee, '+'); i > 0 {
		callee = callee[:i]
	}
	if nameRun(callee) != len(callee) || len(callee) == 0 || len(callee) > maxName || !bytes.HasPrefix(trimSpaceLeft(rest), []byte("from ")) {
		return p, false
	}
	rest, _ = addresses(trimSpaceLeft(trimSpaceLeft(rest)[len("from "):]))
	rest = bytes.TrimSuffix(bytes.TrimPrefix(rest, []byte("(")), []byte(")"))
	n := nameRun(rest)
	if n == 0 || n > maxName {
		return p, false
	}
	offset, size, tail := offsets(rest[n:])
	if offset == "" {
		return p, false
	}
	p.style = styleArm
	p.callee = string(callee)
	p.frame = Frame{Func: string(rest[:n]), Offset: offset, Size: size, Questionable: q}
	file, lineNo, tail := fileAndLine(tail)
	p.frame.File, p.frame.Line = file, lineNo
	p.tidy = p.trailer(bytes.TrimSuffix(bytes.TrimSpace(tail), []byte(")")), file != "")
	return p, true
}
