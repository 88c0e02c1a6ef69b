package gdb

import (
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// layout says where each register is in the answer to g, by name.
type layout map[string]place

type place struct{ number, offset, bytes int }

// ProgramCounter is the name of the program counter.
const ProgramCounter = "rip"

// readLayout reads the stub's own description of its registers; fetch reads one of
// its files. Included files are expanded in place.
func readLayout(fetch func(name string) (string, error)) (layout, error) {
	l, end := layout{}, place{}
	if err := l.read("target.xml", fetch, &end, 4); err != nil {
		return nil, err
	}
	for _, name := range []string{"rax", "rsp", ProgramCounter, "gs_base"} {
		if l[name].bytes != 8 {
			return nil, fmt.Errorf("the stub describes no 64-bit register %s: not an x86-64 guest", name)
		}
	}
	return l, nil
}

func (l layout) read(file string, fetch func(string) (string, error), end *place, depth int) error {
	if depth == 0 {
		return fmt.Errorf("register description %s: included too deep", file)
	}
	text, err := fetch(file)
	if err != nil {
		return err
	}
	in := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := in.Token()
		if token == nil {
			if text == "" || !errors.Is(err, io.EOF) {
				return fmt.Errorf("register description %s: %w", file, err)
			}
			return nil
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "include":
			if err := l.read(attr(start, "href"), fetch, end, depth-1); err != nil {
				return err
			}
		case "reg":
			var bits int
			if _, err := fmt.Sscanf(attr(start, "bitsize"), "%d", &bits); err != nil || bits < 8 {
				return fmt.Errorf("register description %s: %s has %q bits", file, attr(start, "name"), attr(start, "bitsize"))
			}
			end.bytes = bits / 8
			l[attr(start, "name")] = *end
			end.number, end.offset = end.number+1, end.offset+end.bytes
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// value reads a register out of the answer to g.
func (l layout) value(all []byte, name string) (uint64, error) {
	p, ok := l[name]
	if !ok || p.bytes > 8 || p.offset+p.bytes > len(all) {
		return 0, fmt.Errorf("the stub does not tell register %s", name)
	}
	var b [8]byte
	copy(b[:], all[p.offset:p.offset+p.bytes])
	return binary.LittleEndian.Uint64(b[:]), nil
}
