package textinput

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
	"slices"
	"strconv"
)

// maxStored is how much text a machine's persistent store is taken to hold, in bytes.
const maxStored = 4 << 20

// storedPart is the line above each part of a log that the kernel saved when it died (pstore): "Panic#2 Part3".
var storedPart = regexp.MustCompile(`(?m)^([A-Z][a-z]+#\d+) Part(\d{1,4})\r?\n`)

// inOrder puts the parts of a log that the kernel saved when it died into the order in which they were printed: part 1
// is the end of the log, and stands first where the files are listed by name. The lines between the parts are left out,
// which may divide a stack. A text that is longer than such a store is handed on unchanged.
func inOrder(in *bufio.Reader) (io.Reader, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxStored+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxStored {
		return io.MultiReader(bytes.NewReader(text), in), nil
	}
	type part struct {
		event, number int
		text          []byte
	}
	var parts []part
	events := map[string]int{}
	at := storedPart.FindAllSubmatchIndex(text, -1)
	for i, m := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		event := string(text[m[2]:m[3]])
		if _, ok := events[event]; !ok {
			events[event] = len(events)
		}
		number, _ := strconv.Atoi(string(text[m[4]:m[5]])) // four digits at most
		parts = append(parts, part{events[event], number, text[m[1]:end]})
	}
	slices.SortStableFunc(parts, func(a, b part) int {
		if a.event != b.event {
			return a.event - b.event
		}
		return b.number - a.number
	})
	var out bytes.Buffer
	for i, p := range parts {
		if i > 0 && p.event != parts[i-1].event {
			out.WriteByte('\n')
		}
		out.Write(p.text)
		if n := out.Len(); n > 0 && out.Bytes()[n-1] != '\n' {
			out.WriteByte('\n')
		}
	}
	return &out, nil
}
