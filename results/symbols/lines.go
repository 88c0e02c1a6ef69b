package symbols

import (
	"debug/dwarf"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// maxInline bounds how deep inlined functions may nest, and how long chains of references to names may be: damaged
// debug information must not keep us for ever.
const maxInline = 64

// lines answers where addresses are in the source.
type lines struct {
	data *dwarf.Data
	base string // what to take off the front of file names
}

// at finds the unit that an address is in, the functions around it, outermost first, and the line.
func (l *lines) at(addr uint64) ([]Place, error) {
	r := l.data.Reader()
	unit, err := r.SeekPC(addr)
	if errors.Is(err, dwarf.ErrUnknownPC) {
		return nil, errors.New("the debug information does not cover it")
	} else if err != nil {
		return nil, fmt.Errorf("debug information: %w", err)
	}
	table, err := l.data.LineReader(unit)
	if err != nil || table == nil {
		return nil, fmt.Errorf("debug information without lines: %w", err)
	}
	row, err := rowOf(table, addr)
	if err != nil {
		return nil, fmt.Errorf("debug information without a line: %w", err)
	}
	chain, err := l.around(r, addr)
	if err != nil {
		return nil, fmt.Errorf("debug information: %w", err)
	}
	if len(chain) == 0 { // assembler: lines, but no functions
		return []Place{{File: l.file(row.File), Line: row.Line}}, nil
	}
	places := make([]Place, len(chain))
	file, line := row.File, row.Line
	for i := range chain { // the line is in the innermost function; each is called where the next one's entry says
		e := chain[len(chain)-1-i]
		places[i] = Place{Func: l.name(e), File: l.file(file), Line: line}
		file, line = calledAt(e, table.Files())
	}
	return places, nil
}

// rowOf finds the row of a line table that covers an address. Unlike LineReader.SeekPC it takes the table's sequences in
// any order: the cold parts of functions lie before the rest and come after it.
func rowOf(table *dwarf.LineReader, addr uint64) (dwarf.LineEntry, error) {
	row, next := dwarf.LineEntry{EndSequence: true}, dwarf.LineEntry{}
	for {
		if err := table.Next(&next); errors.Is(err, io.EOF) {
			return row, dwarf.ErrUnknownPC
		} else if err != nil {
			return row, err
		}
		if !row.EndSequence && row.Address <= addr && addr < next.Address {
			return row, nil
		}
		row = next
	}
}

// calledAt is where an inlined function would have been called; nil and 0 for one that is not inlined.
func calledAt(e *dwarf.Entry, files []*dwarf.LineFile) (*dwarf.LineFile, int) {
	line, _ := e.Val(dwarf.AttrCallLine).(int64)
	if n, ok := e.Val(dwarf.AttrCallFile).(int64); ok && n >= 0 && n < int64(len(files)) {
		return files[n], int(line)
	}
	return nil, int(line)
}

// around lists the entries of the function that holds an address and of all that are inlined there around the address.
// r stands before the children of the unit.
func (l *lines) around(r *dwarf.Reader, addr uint64) ([]*dwarf.Entry, error) {
	var chain []*dwarf.Entry
	for {
		e, err := r.Next()
		if err != nil {
			return nil, err
		}
		if e == nil || e.Tag == 0 { // nothing deeper holds it
			return chain, nil
		}
		switch e.Tag {
		case dwarf.TagSubprogram, dwarf.TagInlinedSubroutine, dwarf.TagLexDwarfBlock:
			in, err := l.holds(e, addr)
			if err != nil {
				return nil, err
			}
			if !in {
				break
			}
			if e.Tag != dwarf.TagLexDwarfBlock {
				chain = append(chain, e)
			}
			if !e.Children || len(chain) > maxInline {
				return chain, nil
			}
			continue // go down
		}
		r.SkipChildren()
	}
}

func (l *lines) holds(e *dwarf.Entry, addr uint64) (bool, error) {
	ranges, err := l.data.Ranges(e)
	if err != nil {
		return false, err
	}
	for _, r := range ranges {
		if r[0] <= addr && addr < r[1] {
			return true, nil
		}
	}
	return false, nil
}

// name is a function's name, which inlined and split functions keep in the entry they were made from.
func (l *lines) name(e *dwarf.Entry) string {
	for range maxInline {
		if name, ok := e.Val(dwarf.AttrName).(string); ok {
			return name
		}
		at, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
		if !ok {
			if at, ok = e.Val(dwarf.AttrSpecification).(dwarf.Offset); !ok {
				break
			}
		}
		r := l.data.Reader()
		r.Seek(at)
		next, err := r.Next()
		if err != nil || next == nil {
			break
		}
		e = next
	}
	return "?"
}

// file is a file's name relative to the source tree.
func (l *lines) file(f *dwarf.LineFile) string {
	if f == nil {
		return "?"
	}
	return strings.TrimPrefix(path.Clean(f.Name), l.base)
}

// baseOf is the source tree's directory, told by a unit of init/main.c in it; empty for another unit.
func baseOf(data *dwarf.Data, inMain uint64) string {
	unit, err := data.Reader().SeekPC(inMain)
	if err != nil {
		return ""
	}
	name, _ := unit.Val(dwarf.AttrName).(string)
	if dir, _ := unit.Val(dwarf.AttrCompDir).(string); !path.IsAbs(name) {
		name = path.Join(dir, name)
	}
	base, ok := strings.CutSuffix(path.Clean(name), "init/main.c")
	if !ok {
		return ""
	}
	return base
}
