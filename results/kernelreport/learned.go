package kernelreport

import (
	"bytes"
	"slices"
	"strings"
)

const (
	maxLearned = 120 // bytes of a prefix that is learned
	learnLife  = 64  // lines without a learned prefix after which it is forgotten
)

// learned is a prefix that no rule knows but that consecutive lines share: a CI system's clock, grep's file name, the
// host of pdsh. It is looked for only where a line that means nothing as a whole is clearly the kernel's from a later place
// on, and believed once the next line begins alike, so that it cannot spoil text that is understood without it.
type learned struct {
	prefix string // of the line where it was found; digits stand for any number, blanks for any run of blanks
	idle   int    // lines since one had it

	held       []byte // the line that seems to have a prefix, until the next one tells
	holds      bool
	at         int // where the kernel's text begins in it
	start, end int
}

// unprefixed handles a line that may have a learned prefix, or from which one may be learned. It reports whether the
// line is dealt with.
func (e *engine) unprefixed(raw []byte, start, end int, from *origin) bool {
	l := &e.learn
	if l.prefix == "" && !l.holds && (len(raw) == 0 || printkTime(raw) || e.anchor(raw) == 0) { // nearly every line
		return false
	}
	text := trimQuotes(trimSpaceRight(raw))
	if n, _ := procPrefix(text); n > 0 {
		return false // it names the task, too
	}
	if l.prefix != "" && bytes.Contains(raw, []byte("Linux version ")) && alike(l.prefix, text) == 0 {
		l.prefix = "" // another boot, and perhaps another logger
	}
	if l.holds {
		held, at, heldStart, heldEnd := l.held, l.at, l.start, l.end
		l.holds, l.held = false, nil
		if alike(string(held[:at]), text) > 0 && !bytes.HasPrefix(held, text) && !bytes.HasPrefix(text, held) { // the same line again, or its beginning, proves nothing
			l.prefix, l.idle = string(held[:at]), 0
			e.adopt(hostIn(held[:at]))
			e.strippedOf(held, at, heldStart, heldEnd)
		} else {
			e.alone(held, at, heldStart, heldEnd)
		}
	}
	if l.prefix != "" {
		if n := alike(l.prefix, text); n > 0 {
			l.idle = 0
			e.strippedOf(text, n, start, end)
			return true
		}
		if l.idle++; l.idle > learnLife {
			l.prefix = ""
		}
	}
	if at := e.anchor(text); at > 0 && at <= maxLearned && text[0] != '<' &&
		(text[at-1] == '"' || bytes.Count(text[:at], []byte("[")) == bytes.Count(text[:at], []byte("]"))) {
		ln := line{bare: true}
		if ln.strip(raw); (from == nil || !from.record) && !ln.foreign && classify(ln.body, false).what == lineOther {
			l.holds, l.held, l.at, l.start, l.end = true, slices.Clone(text), at, start, end
			return true
		}
	}
	return false
}

// endLearning uses a line that was held at the end of the input.
func (e *engine) endLearning() {
	if l := &e.learn; l.holds {
		held := l.held
		l.holds, l.held = false, nil
		e.alone(held, l.at, l.start, l.end)
	}
}

// alone handles a line in whose middle a report begins and whose prefix the next line does not share: a table of events
// tells of a hang in one line. A sentence that quotes a kernel message is none.
func (e *engine) alone(text []byte, at, start, end int) {
	if it := classify(text[at:], false); it.kind == KindHungTask && !it.partial && it.pid != nil && columns(text[:at]) {
		e.strippedOf(text, at, start, end)
		return
	}
	e.prefixed(text, start, end, nil)
}

// columns reports whether text before a message looks like the columns of a table or like a logger's: it ends in a mark,
// or two blanks or a tab stand in it, and it holds a number.
func columns(b []byte) bool {
	t := bytes.TrimRight(b, " \t")
	if len(t) == 0 || !bytes.ContainsAny(t, "0123456789") {
		return false
	}
	if bytes.Contains(t, []byte("  ")) || bytes.IndexByte(t, '\t') >= 0 {
		return true
	}
	return t[len(t)-1] == ']' || t[len(t)-1] == '|' || t[len(t)-1] == '\t'
}

// strippedOf handles a line without the first n bytes of it.
func (e *engine) strippedOf(text []byte, n, start, end int) {
	body := text[n:]
	if n > 0 && text[n-1] == '"' {
		body = quotedRest(body)
	}
	mark := text[:n]
	if n > 0 && mark[n-1] == '-' { // grep's file, in the lines around a match
		mark = append(bytes.Clone(mark[:n-1]), ':')
		if strings.Count(e.learn.prefix, ":") > 1 {
			mark = nil // with line numbers
		}
	}
	e.prefixed(body, start, end, &origin{host: hostIn(mark)})
}

// hostIn is whose lines a prefix marks, if it is one word with a colon; empty if it is not.
func hostIn(prefix []byte) []byte {
	p := bytes.TrimRight(prefix, " \t")
	if len(p) > 1 && p[len(p)-1] == ':' && bytes.IndexByte(p, ' ') < 0 && !allDigits(p[:len(p)-1]) && bytes.IndexByte(p[:len(p)-1], ':') < 0 {
		return p[:len(p)-1]
	}
	return []byte{}
}

// adopt makes reports that began before their prefix was learned those of the host that it names.
func (e *engine) adopt(host []byte) {
	for _, o := range e.open {
		for i := range o.writers {
			if o.writers[i].host == "" {
				o.writers[i].host = string(host)
			}
		}
	}
}

// quotedRest is a column of a table, or a value, up to the quote that ends it.
func quotedRest(b []byte) []byte {
	end := bytes.LastIndexByte(b, '"')
	if end < 0 {
		return b
	}
	b = b[:end]
	if bytes.IndexByte(b, '\\') >= 0 {
		if s, ok := unquoted(append(append([]byte{'"'}, b...), '"')); ok {
			return s
		}
	}
	return bytes.ReplaceAll(b, []byte(`""`), []byte(`"`))
}

// alike returns how many bytes of text are the same prefix with other numbers in it, or 0.
func alike(prefix string, text []byte) int {
	i, j := 0, 0
	for i < len(prefix) {
		c := prefix[i]
		switch {
		case j == len(text):
			if blank(prefix[i:]) {
				return j // the logger's line is empty
			}
			return 0
		case isDigit(c) && isDigit(text[j]):
			for i < len(prefix) && isDigit(prefix[i]) {
				i++
			}
			for j < len(text) && isDigit(text[j]) {
				j++
			}
		case (c == ' ' || c == '\t') && (text[j] == ' ' || text[j] == '\t'):
			for i < len(prefix) && (prefix[i] == ' ' || prefix[i] == '\t') {
				i++
			}
			for j < len(text) && (text[j] == ' ' || text[j] == '\t') {
				j++
			}
		case c == text[j], c == ':' && text[j] == '-' && (i+1 == len(prefix) || isDigit(prefix[i+1])): // grep's lines around a match
			i++
			j++
		default:
			return 0
		}
	}
	return j
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func blank(s string) bool {
	for i := range len(s) {
		if s[i] != ' ' && s[i] != '\t' {
			return false
		}
	}
	return true
}

// printkTime reports whether a line begins with printk's time, or a field of fixed width as systemd's, as nearly every line of a
// console does.
func printkTime(b []byte) bool {
	if b[0] != '[' || len(b) < 2 {
		return false
	}
	if b[1] == ' ' {
		return true
	}
	for _, c := range b[1:] {
		if c != ' ' && !isDigit(c) {
			return c == '.'
		}
	}
	return false
}

// anchor is anchor for the line that is fed.
func (e *engine) anchor(b []byte) int {
	if at := anchor(b); at > 0 || e.marks&markOffset == 0 {
		return at
	}
	if at := bytes.Index(b[:min(len(b), maxLearned)], []byte("[<0>] ")); at > 0 && bytes.IndexByte([]byte(" \t:"), b[at-1]) >= 0 && bytes.Contains(b[at:], []byte("+0x")) && len(trimQuotes(b[:at])) > 0 {
		return at
	}
	return 0
}

// anchor finds the place further on in a line where a report or a stack begins beyond doubt, or 0. Kernel time stamps
// before it count with it: those are known.
func anchor(b []byte) int {
	for i := 4; i < len(b); {
		j := bytes.IndexByte(b[i:min(len(b), maxLearned+40)], ':')
		if j < 0 {
			return 0
		}
		i += j
		head, tail := b[:i], b[i:]
		word := ""
		switch {
		case bytes.HasSuffix(head, []byte("INFO")) && (hasPrefix(tail, ": task ") || hasPrefix(tail, ": rcu")):
			word = "INFO"
		case bytes.HasSuffix(head, []byte("BUG")) && len(tail) > 8:
			word = "BUG"
		case bytes.HasSuffix(head, []byte("WARNING")) && hasPrefix(tail, ": CPU: "):
			word = "WARNING"
		case bytes.HasSuffix(head, []byte("task")) && bytes.Contains(tail[:min(len(tail), 80)], []byte(" state:")):
			word = "task"
		case len(tail) == 1 && (bytes.HasSuffix(head, []byte("Call Trace")) || bytes.HasSuffix(head, []byte("Call trace"))):
			word = "Call Trace"
		}
		if at := i - len(word); word != "" && at > 0 && (at > 1 || b[0] == ' ') && !isLetter(b[at-1]) && b[at-1] != '`' && (b[at-1] != '"' || valueBegins(b[:at-1])) {
			for _, tag := range [...]string{"watchdog: ", "rcu: ", "NMI "} {
				at -= len(tag) * b2i(bytes.HasSuffix(b[:at], []byte(tag)))
			}
			if k := midLine(b[:at]); k > 0 {
				at = k
			}
			return at
		}
		i++
	}
	return 0
}

// valueBegins reports whether a quote after this begins a column of a table or a value, rather than a word of a sentence.
func valueBegins(b []byte) bool {
	b = bytes.TrimRight(b, " ")
	return len(b) > 0 && bytes.IndexByte([]byte(",=:"), b[len(b)-1]) >= 0 || bytes.HasSuffix(b, []byte("=>"))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
