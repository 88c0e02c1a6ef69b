package kernelreport

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// messageKeys are the names under which logs of JSON keep the text, in the order in which they are looked for.
var messageKeys = [...]string{"MESSAGE", "message", "msg", "log", "textPayload", "text", "line", "body"}

// fromRecord takes the kernel's text out of a line of a log that consists of records: JSON in its shapes, and the
// journal's fields, one a line. raw itself is returned if it is none.
func fromRecord(raw []byte) (text, host []byte, foreign bool) {
	t := trimSpaceLeft(raw)
	for _, before := range [...]string{"data: ", "- ", "\x1e"} { // journalctl -o json-sse, a list in YAML, journalctl -o json-seq
		if hasPrefix(t, before) && len(t) > len(before) && t[len(before)] == '{' {
			t = t[len(before):]
		}
	}
	if len(t) == 0 {
		return raw, nil, false
	}
	switch c := t[0]; {
	case c == '{' && len(t) > 1 && t[1] != ' ' && bytes.IndexByte(t, ':') > 0:
		return fromJSON(bytes.TrimRight(t, ", \t\r"), raw)
	case c == '[' && len(t) > 2 && (t[1] == '{' || t[1] == ' ' && t[2] == '{'):
		return fromJSON(bytes.TrimRight(t, ", \t\r"), raw)
	case len(t) < 6 && bytes.IndexByte([]byte("{}[]"), c) >= 0: // around pretty records
		if t = bytes.Trim(t, "{}[], \t\r"); len(t) == 0 {
			return nil, nil, true
		}
	case c == '"' && len(t) > 3:
		return fromPretty(t, raw)
	case c == '_' || c >= 'A' && c <= 'Z':
		if aboveRecord(t) {
			return nil, nil, true
		}
		return fromField(t, raw)
	}
	return raw, nil, false
}

// fromJSON reads a record that is one line, and a list of them.
func fromJSON(t, raw []byte) (text, host []byte, foreign bool) {
	var v any
	if json.Unmarshal(t, &v) != nil {
		if lenient, ok := fromFlow(t); ok {
			return lenient, nil, false
		}
		return raw, nil, false
	}
	if list, ok := v.([]any); ok {
		var lines []string
		for _, one := range list {
			if rec, ok := one.(map[string]any); ok {
				if s, _, other, known := messageOf(rec); known && !other {
					lines = append(lines, s)
				}
			}
		}
		if len(lines) > 0 {
			return []byte(strings.Join(lines, "\n")), nil, false
		}
	}
	if rec, ok := v.(map[string]any); ok {
		if s, name, other, known := messageOf(rec); known {
			return []byte(s), []byte(name), other
		}
	}
	if s := texts(v, 0); s != "" {
		return []byte(s), nil, false
	}
	return raw, nil, false
}

// messageOf is the text of a record, and the host it is from.
func messageOf(rec map[string]any) (text, host string, foreign, ok bool) {
	for _, key := range messageKeys {
		switch s := rec[key].(type) {
		case string:
			text, ok = s, true
		case []any: // journalctl writes a message that is no UTF-8 as a list of numbers
			var b []byte
			for _, n := range s {
				if f, isNumber := n.(float64); isNumber {
					b = append(b, byte(f))
				}
			}
			text, ok = string(b), true
		}
		if ok {
			break
		}
	}
	host, _ = rec["_HOSTNAME"].(string)
	transport, _ := rec["_TRANSPORT"].(string)
	foreign = transport != "" && transport != "kernel" && rec["SYSLOG_IDENTIFIER"] != "kernel"
	return text, host, foreign, ok
}

// texts are the strings of several lines in a value of JSON: the comments of a bug tracker, say.
func texts(v any, depth int) string {
	var all []string
	switch v := v.(type) {
	case string:
		if strings.Contains(v, "\n") {
			return v
		}
	case []any:
		for _, one := range v {
			if depth < 8 {
				all = append(all, texts(one, depth+1))
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if depth < 8 {
				all = append(all, texts(v[key], depth+1))
			}
		}
	}
	return strings.Trim(strings.Join(all, "\n"), "\n")
}

// fromFlow reads a record whose names stand without quotes, as YAML writes them: {dt: "…", lvl: target, msg: "…"}.
func fromFlow(t []byte) ([]byte, bool) {
	i := bytes.Index(t, []byte(`msg: "`))
	if i < 0 {
		return nil, false
	}
	return unquoted(t[i+len("msg: "):])
}

// fromPretty reads a line of a record that has one field a line, of which only the message counts.
func fromPretty(t, raw []byte) (text, host []byte, foreign bool) {
	if s, ok := quotedLine(t); ok {
		return s, nil, false
	}
	name, value, ok := bytes.Cut(t[1:], []byte(`"`))
	if value = trimSpaceLeft(value); !ok || len(value) < 2 || value[0] != ':' {
		return raw, nil, false
	}
	for _, c := range name {
		if c != '_' && c != '@' && c != '.' && c != '-' && !isLetter(c) && !isDigit(c) {
			return raw, nil, false
		}
	}
	value = trimSpaceLeft(value[1:])
	for _, key := range messageKeys {
		if string(name) == key {
			if s, ok := unquoted(value); ok {
				return s, []byte{}, false
			}
		}
	}
	if bytes.Contains(value, []byte(`\n`)) { // a comment of a bug tracker
		if s, ok := unquoted(value); ok {
			return s, nil, false
		}
	}
	return nil, nil, true
}

// quotedLine is the string in a line that is one element of a list of them, as logs stand in JSON and in programs' tests.
func quotedLine(t []byte) ([]byte, bool) {
	t = bytes.TrimRight(t, ", \t\r")
	if len(t) < 12 || t[len(t)-1] != '"' || bytes.Contains(t, []byte(`": `)) && bytes.Contains(t, []byte(`": "`)) {
		return nil, false
	}
	var s string
	if json.Unmarshal(t, &s) != nil {
		return nil, false
	}
	return []byte(s), true
}

// unquoted is the string of JSON with which b begins.
func unquoted(b []byte) ([]byte, bool) {
	var s string
	if json.NewDecoder(bytes.NewReader(b)).Decode(&s) != nil {
		return nil, false
	}
	return []byte(s), true
}

// fromField reads a line of journalctl -o export and -o verbose, and of an extended netconsole's dictionary: NAME=value.
func fromField(t, raw []byte) (text, host []byte, foreign bool) {
	n := 0
	for n < len(t) && n < 64 && (t[n] == '_' || t[n] >= 'A' && t[n] <= 'Z' || isDigit(t[n])) {
		n++
	}
	switch {
	case n < 3 || n == len(t) || t[n] != '=':
		return raw, nil, false
	case string(t[:n]) == "MESSAGE":
		return t[n+1:], []byte{}, false
	case t[0] == '_' || isField(t):
		return nil, nil, true
	}
	return raw, nil, false
}

// isField reports whether a line begins with a message of the kernel's in a record, or with a field that stands beside one.
func isField(t []byte) bool {
	for _, name := range [...]string{"MESSAGE=", "MESSAGE_ID=", "PRIORITY=", "SYSLOG_", "SUBSYSTEM=", "DEVICE=", "CODE_"} {
		if t[0] == name[0] && hasPrefix(t, name) {
			return true
		}
	}
	return false
}

// aboveRecord recognises the line above a record of journalctl -o verbose: a date and where the record is in the journal.
func aboveRecord(t []byte) bool {
	i := bytes.Index(t[:min(len(t), 64)], []byte(" [s="))
	return i > 0 && bytes.Contains(t[i:], []byte(";i="))
}
