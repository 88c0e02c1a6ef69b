package kernelreport

import "bytes"

// clockAt finds a time of day, "11:12" or "11:12:13", and returns the offset after it; 0 if there is none. It stands for
// a date whatever language the names of day and month are in.
func clockAt(b []byte) int {
	for i := 0; i+5 <= len(b); i++ {
		j := bytes.IndexByte(b[i:], ':')
		if j < 0 {
			return 0
		}
		i += j
		if i < 2 || !allDigits(b[i-2:i]) || i >= 3 && b[i-3] != ' ' && b[i-3] != 'T' || i+3 > len(b) || !allDigits(b[i+1:i+3]) {
			continue
		}
		end := i + 3
		if end+3 <= len(b) && b[end] == ':' && allDigits(b[end+1:end+3]) {
			end += 3
		}
		if end == len(b) || b[end] == ' ' || b[end] == '.' || b[end] == ',' {
			return end
		}
	}
	return 0
}

// namedDate reports whether the text between brackets is a date that begins with a name: "Di Mai 14 11:12:13 2024", and
// dmesg -H's "May14 11:12".
func namedDate(in []byte) bool {
	return len(in) >= 11 && bytes.IndexByte(in, ' ') > 0 && clockAt(in) > 0 && !bytes.Contains(in, []byte("+0x"))
}

// datedKernel recognises everything up to "kernel:" or RFC 5424's "kernel - - -" after a time of day, whatever surrounds
// them: other languages' dates, time zones, a format number.
func datedKernel(b []byte) (n int, host []byte) {
	head := b[:min(len(b), 112)]
	k := bytes.Index(head, []byte(" kernel"))
	if k < 5 {
		return 0, nil
	}
	end := 0
	switch rest := b[k+len(" kernel"):]; {
	case hasPrefix(rest, ":"):
		end = 1
	case hasPrefix(rest, "[0]:"):
		end = 4
	default:
		if end = structured(rest); end == 0 {
			return 0, nil
		}
	}
	for _, w := range kernelWords {
		if hasPrefix(head, w) {
			return 0, nil // two lines that a web page joined: the second one's logger is no prefix of the first
		}
	}
	clock := clockAt(bytes.Map(clockBytes, head[:k]))
	if clock == 0 {
		return 0, nil
	}
	if word := bytes.LastIndexByte(head[:k], ' '); word+1 >= clock {
		host = head[word+1 : k]
	}
	return k + len(" kernel") + end, host
}

// structured is the length of what RFC 5424 puts between the name of the program and the message: process, kind of message,
// data, " - - - ", " 0 - [timeQuality tzKnown="1"] ".
func structured(b []byte) int {
	n := 0
	for range 2 {
		end := bytes.IndexByte(b[min(n+1, len(b)):min(len(b), n+40)], ' ')
		if n >= len(b) || b[n] != ' ' || end < 1 {
			return 0
		}
		if word := b[n+1 : n+1+end]; string(word) != "-" && !allDigits(word) {
			return 0
		}
		n += 1 + end
	}
	switch rest := b[n:]; {
	case hasPrefix(rest, " - "):
		return n + 3
	case hasPrefix(rest, " ["):
		end := bytes.Index(rest[:min(len(rest), 300)], []byte("] "))
		if end < 0 {
			return 0
		}
		return n + end + 2
	}
	return 0
}

// clockBytes makes what may follow the seconds of a date a blank.
func clockBytes(r rune) rune {
	if r == 'Z' || r == '+' {
		return ' '
	}
	return r
}
