package kernelreport

import "bytes"

// minJoined is how long a line is at least that holds several of a report.
const minJoined = 120

// joinedStarts are what lines of a report begin with, where they may be split when a terminal, a chat or a web form made
// one line of them.
var joinedStarts = [...]string{"INFO: task ", "Not tainted ", "Tainted: ", "\"echo 0 >", "task:", "Call Trace:", "Call trace:", "<TASK>", "</TASK>", "<IRQ>", "</IRQ>",
	"CPU: ", "Hardware name: ", "Workqueue: ", "RIP: ", "RSP: ", "RAX: ", "RBP: ", "RDX: ", "R10: ", "R13: ", "FS: ", "CS: ", "CR2: ", "Code: ", "? "}

// splitJoined cuts a line into the lines that were joined to it; nil if it is one line.
func splitJoined(b []byte) [][]byte {
	if len(b) < minJoined {
		return nil
	}
	trace := bytes.Index(b, []byte("Call Trace:"))
	if trace < 0 {
		trace = bytes.Index(b, []byte("Call trace:"))
	}
	if trace < 0 || trace+len("Call Trace:")+12 > len(b) || bytes.IndexByte(b[trace:], '(') < 0 && bytes.Count(b[trace:], []byte("+0x")) < 2 {
		return nil
	}
	var parts [][]byte
	from := 0
	cut := func(at int) {
		if p := bytes.TrimSpace(b[from:at]); len(p) > 0 {
			parts = append(parts, p)
		}
		from = at
	}
	for i := 0; i < len(b); i++ {
		if i == trace+len("Call Trace:") {
			cut(i)
		}
		if i > trace {
			if n := entryEnd(b[i:]); n > 0 {
				cut(i + n)
				i += n - 1
				continue
			}
		}
		for _, s := range joinedStarts {
			if !hasPrefix(b[i:], s) || i == 0 {
				continue
			}
			if before := b[i-1]; before == ' ' || before == '\t' || before == '>' || s == "Tainted: " && bytes.Contains(b[from:i], []byte(" #")) {
				if s == "Tainted: " || s == "Not tainted " {
					if p := b[from:i]; !bytes.Contains(p, []byte(" #")) && (hasPrefix(bytes.TrimSpace(p), "CPU: ") || hasPrefix(bytes.TrimSpace(p), "Pid: ")) {
						break // belongs to the line that names the task
					}
				}
				cut(i)
				break
			}
		}
	}
	cut(len(b))
	return parts
}

// splitEntries cuts a line behind each of the stack entries that were joined to it; nil if it holds one at most. Arm prints
// two in a line, with the word between them.
func splitEntries(b []byte) [][]byte {
	first := bytes.Index(b, []byte("+0x"))
	if first < 0 || bytes.Count(b[first+1:], []byte("+0x")) == 0 || bytes.Contains(b, []byte("from ")) {
		return nil
	}
	var parts [][]byte
	from := 0
	for i := first; i < len(b); i++ {
		if n := entryEnd(b[i:]); n > 0 {
			i += n
			parts = append(parts, bytes.TrimSpace(b[from:i]))
			from = i
			i--
		}
	}
	if len(parts) < 2 {
		return nil
	}
	if rest := bytes.TrimSpace(b[from:]); len(rest) > 0 {
		parts = append(parts, rest)
	}
	return parts
}

// splitDecoded cuts a line behind each of the decoded stack entries in it, "f (fs/a.c:12) mod  g (fs/b.c:9)"; nil if it holds one
// at most, or anything else behind the first.
func splitDecoded(b []byte) [][]byte {
	first := bytes.IndexByte(b, '(')
	if first < 2 || bytes.IndexByte(b[first+1:], '(') < 0 || len(b) > maxLine { // nearly every line
		return nil
	}
	var parts [][]byte
	from := 0
	for i := 0; i < len(b); i++ {
		n := entryEnd(b[i:])
		if b[i] != ' ' || n == 0 {
			continue
		}
		part := bytes.TrimSpace(b[from : i+n])
		if len(parts) > 0 {
			words := bytes.Fields(b[from:i])
			if len(words) > 1 && string(words[0]) != "?" && nameRun(words[0]) == len(words[0]) { // the module of the one before
				last := len(parts) - 1
				parts[last] = append(append(bytes.Clone(parts[last]), ' '), words[0]...)
				part, words = bytes.TrimSpace(part[len(words[0]):]), words[1:]
			}
			if len(words) == 2 && string(words[0]) == "?" {
				words = words[1:]
			}
			if len(words) != 1 || nameRun(words[0]) != len(words[0]) {
				return nil
			}
		}
		parts = append(parts, part)
		from = i + n
		i = from - 1
	}
	if len(parts) < 2 {
		return nil
	}
	if rest := bytes.TrimSpace(b[from:]); len(rest) > 0 {
		if nameRun(rest) == len(rest) {
			last := len(parts) - 1
			parts[last] = append(append(bytes.Clone(parts[last]), ' '), rest...)
		} else {
			parts = append(parts, rest)
		}
	}
	return parts
}

// entryEnd is the length of the rest of a stack entry, from its offset or the place in the source on: "+0x1/0x2 [mod]",
// " (fs/nfs/a.c:12)"; 0 if b does not begin with one.
func entryEnd(b []byte) int {
	if b[0] == '+' {
		if offset, _, rest := offsets(b); offset != "" {
			n := len(b) - len(rest)
			if m := bytes.IndexByte(rest, ']'); len(rest) > 2 && rest[0] == ' ' && rest[1] == '[' && m > 2 && m < 60 && rest[2] != '<' {
				n += m + 1
			}
			return n
		}
		return 0
	}
	if b[0] != ' ' || len(b) < 2 || b[1] != '(' {
		return 0
	}
	if file, _, rest := fileAndLine(b[:min(len(b), 400)]); file != "" {
		return min(len(b), 400) - len(rest)
	}
	return 0
}
