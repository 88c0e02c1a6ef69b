package kernelreport

import "bytes"

// tags are the elements of web pages in which people put text. None of them is a marker of the kernel's: it prints
// "<TASK>" and "<IRQ>".
var tags = map[string]bool{"a": true, "b": true, "blockquote": true, "body": true, "br": true, "code": true, "dd": true, "div": true, "em": true,
	"font": true, "html": true, "i": true, "li": true, "o:p": true, "ol": true, "p": true, "pre": true, "samp": true, "span": true, "strong": true,
	"table": true, "tbody": true, "td": true, "tr": true, "tt": true, "u": true, "ul": true}

// breaks are those of them that end a line.
var breaks = map[string]bool{"br": true, "div": true, "li": true, "p": true, "pre": true, "tr": true}

const maxTag = 400 // bytes of a tag with its attributes

// tagAt is the length of the tag at the start of b, and whether a line ends there; 0 if none starts there.
func tagAt(b []byte) (n int, ends bool) {
	if len(b) < 3 {
		return 0, false
	}
	i := 1
	if b[i] == '/' {
		i++
	}
	from := i
	for i < len(b) && i < from+12 && (isLetter(b[i]) || b[i] == ':') {
		i++
	}
	name := bytes.ToLower(b[from:i])
	if !tags[string(name)] || i == len(b) || b[i] != '>' && b[i] != ' ' && b[i] != '/' {
		return 0, false
	}
	end := bytes.IndexByte(b[i:min(len(b), maxTag)], '>')
	if end < 0 || b[i] == ' ' && end > 1 && bytes.IndexByte(b[i:i+end], '=') < 0 && b[i+end-1] != '/' {
		return 0, false
	}
	return i + end + 1, breaks[string(name)]
}

func hasTag(b []byte) bool {
	for i := 0; ; i++ {
		j := bytes.IndexByte(b[i:], '<')
		if j < 0 {
			return false
		}
		if i += j; i > 0 && b[i-1] == '[' {
			continue // an address
		}
		if n, _ := tagAt(b[i:]); n > 0 {
			return true
		}
	}
}

// withoutTags takes tags out, and puts a line's end where a tag stands for one.
func withoutTags(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '<' && (i == 0 || b[i-1] != '[') {
			if n, ends := tagAt(b[i:]); n > 0 {
				i += n - 1
				if ends && len(bytes.TrimSpace(out)) > 0 && len(bytes.TrimSpace(b[i+1:])) > 0 {
					out = append(out, '\n')
				}
				continue
			}
		}
		out = append(out, b[i])
	}
	return out
}
