package kernelreport

import (
	"bytes"
	"encoding/json"
	"html"
)

// decoded undoes what programs did to a line that carry text: mail encodings, web pages, logs of JSON. It returns raw
// itself if nothing was done to it. foreign says that the line holds nothing of the kernel's.
func decoded(raw []byte) (text, host []byte, foreign bool) {
	if mayBeQuotedPrintable(raw) {
		raw = quotedPrintable(raw)
	}
	if bytes.IndexByte(raw, '&') >= 0 && hasEntity(raw) {
		raw = []byte(html.UnescapeString(string(raw)))
	}
	if bytes.IndexByte(raw, 0xc2) >= 0 {
		raw = bytes.ReplaceAll(raw, []byte("\u00a0"), []byte(" ")) // web pages keep blanks this way
	}
	t := trimSpaceLeft(raw)
	if len(t) > 1 && t[0] == '{' && t[1] == '"' {
		return fromJSON(t, raw)
	}
	if len(t) > 0 && len(t) < 4 && (t[0] == '{' || t[0] == '}') { // around the records of journalctl -o json-pretty
		if t = bytes.TrimRight(t, ", \t\r"); len(t) == 1 {
			return nil, nil, true
		}
	}
	if len(t) > 3 && t[0] == '"' && (t[1] == '_' || t[1] >= 'A' && t[1] <= 'Z') {
		return fromPretty(t, raw)
	}
	return raw, nil, false
}

// quotedPrintable decodes what mail programs encode in kernel text. "=20" is decoded at the end of a line only: between
// other text it may be a number.
func quotedPrintable(raw []byte) []byte {
	if bytes.Contains(raw, []byte("=C2=A0")) {
		raw = bytes.ReplaceAll(raw, []byte("=C2=A0"), []byte(" "))
	}
	if bytes.Contains(raw, []byte("=3D")) {
		raw = bytes.ReplaceAll(raw, []byte("=3D"), []byte("="))
	}
	if t := bytes.TrimRight(raw, " \r"); bytes.HasSuffix(t, []byte("=20")) {
		raw = t[:len(t)-3]
	}
	return raw
}

func hasEntity(raw []byte) bool {
	for _, e := range [...]string{"&lt;", "&gt;", "&amp;", "&quot;", "&nbsp;", "&#"} {
		if bytes.Contains(raw, []byte(e)) {
			return true
		}
	}
	return false
}

// fromJSON reads a line of journalctl -o json, or of a container's log that is kept as JSON.
func fromJSON(t, raw []byte) (text, host []byte, foreign bool) {
	var rec struct {
		Message    json.RawMessage `json:"MESSAGE"`
		Log        string          `json:"log"`
		Transport  string          `json:"_TRANSPORT"`
		Identifier string          `json:"SYSLOG_IDENTIFIER"`
		Host       string          `json:"_HOSTNAME"`
	}
	if json.Unmarshal(t, &rec) != nil {
		return raw, nil, false
	}
	if len(rec.Message) == 0 {
		if rec.Log == "" {
			return raw, nil, false
		}
		return []byte(rec.Log), nil, false
	}
	// journalctl writes a message that is no UTF-8 as a list of numbers.
	var s string
	if json.Unmarshal(rec.Message, &s) != nil {
		var bytes []int
		if json.Unmarshal(rec.Message, &bytes) != nil {
			return raw, nil, false
		}
		for _, b := range bytes {
			s += string([]byte{byte(b)})
		}
	}
	foreign = rec.Transport != "" && rec.Transport != "kernel" && rec.Identifier != "kernel"
	return []byte(s), []byte(rec.Host), foreign
}

// fromPretty reads a line of journalctl -o json-pretty: one field a line, of which only the message counts.
func fromPretty(t, raw []byte) (text, host []byte, foreign bool) {
	name, value, ok := bytes.Cut(t, []byte(`" : "`))
	if !ok {
		return raw, nil, false
	}
	for _, c := range name[1:] {
		if c != '_' && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return raw, nil, false
		}
	}
	if string(name) != `"MESSAGE` {
		return nil, nil, true
	}
	var s string
	value = bytes.TrimRight(value, " \t\r,")
	if json.Unmarshal(append([]byte{'"'}, value...), &s) != nil {
		return raw, nil, false
	}
	return []byte(s), nil, false
}
