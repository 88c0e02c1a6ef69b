package symbols

import (
	"cmp"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// ErrNoDebugInfo is the error of kernels built without debug information.
var ErrNoDebugInfo = errors.New("the kernel was built without debug information (the kernel \"debuginfo\" of the catalogue has some)")

// ErrOtherBuild is the error of functions whose size differs in this kernel.
var ErrOtherBuild = errors.New("another build")

// Place is one line of source.
type Place struct {
	Func string `json:"func"` // the function that the line is in, inlined or not
	File string `json:"file"` // relative to the kernel's source tree
	Line int    `json:"line"`
}

// function is one symbol of the kernel's code.
type function struct {
	addr   uint64
	size   uint64 // as the symbol table has it, 0 for many in assembler
	extent uint64 // up to the next symbol, which is what the kernel prints
}

// Kernel is a vmlinux. Its methods are not safe for use by several goroutines at a time.
type Kernel struct {
	file      *elf.File
	buildID   string
	functions map[string][]function // read when first asked for
	lines     *lines                // likewise
}

// Open opens a vmlinux and reads its build id. The caller closes it.
func Open(path string) (*Kernel, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s is no vmlinux: %w", path, err)
	}
	k := &Kernel{file: f}
	for _, s := range f.Sections {
		if s.Type != elf.SHT_NOTE || k.buildID != "" {
			continue
		}
		if notes, err := s.Data(); err == nil {
			k.buildID = buildID(notes, f.ByteOrder)
		}
	}
	return k, nil
}

// Close releases the file.
func (k *Kernel) Close() error { return k.file.Close() }

// BuildID is the kernel's build id in hexadecimal, or empty if it has none.
func (k *Kernel) BuildID() string { return k.buildID }

// HasDebugInfo reports whether the kernel can tell source lines at all.
func (k *Kernel) HasDebugInfo() bool {
	return k.file.Section(".debug_info") != nil || k.file.Section(".zdebug_info") != nil
}

const noteBuildID = 3 // NT_GNU_BUILD_ID

// buildID finds the build id in a section of ELF notes: sizes of name and content, a type, both padded to four bytes.
func buildID(notes []byte, order binary.ByteOrder) string {
	for len(notes) >= 12 {
		name, desc := uint64(order.Uint32(notes)), uint64(order.Uint32(notes[4:]))
		kind := order.Uint32(notes[8:])
		notes = notes[12:]
		pad := (name + 3) &^ 3
		end := pad + (desc+3)&^3
		if end > uint64(len(notes)) {
			return ""
		}
		if kind == noteBuildID && name == 4 && string(notes[:3]) == "GNU" {
			return hex.EncodeToString(notes[pad : pad+desc])
		}
		notes = notes[end:]
	}
	return ""
}

// Places are the source lines of a place in a function, innermost first: the last one is in the function itself, those
// before it are in what was inlined there. offset and size are as printed, with 0x; an empty size fits any function.
// With call set, offset is a return address, and the line is that of the call before it.
func (k *Kernel) Places(fn, offset, size string, call bool) ([]Place, error) {
	off, err := strconv.ParseUint(offset, 0, 64)
	if err != nil {
		return nil, fmt.Errorf("offset %q of %s is no number", offset, fn)
	}
	f, err := k.find(fn, size)
	if err != nil {
		return nil, err
	}
	if off > max(f.size, f.extent) {
		return nil, fmt.Errorf("%s+%s is outside of the function", fn, offset)
	}
	addr := f.addr + off
	if call && off > 0 {
		addr--
	}
	places, err := k.At(addr)
	if err != nil {
		return nil, fmt.Errorf("%s+%s: %w", fn, offset, err)
	}
	places[len(places)-1].Func = fn
	return places, nil
}

// At are the source lines of an address, innermost first.
func (k *Kernel) At(addr uint64) ([]Place, error) {
	if !k.HasDebugInfo() {
		return nil, ErrNoDebugInfo
	}
	if k.lines == nil {
		data, err := k.file.DWARF()
		if err != nil {
			return nil, fmt.Errorf("debug information cannot be read: %w", err)
		}
		k.lines = &lines{data: data}
		if f, err := k.find("start_kernel", ""); err == nil {
			k.lines.base = baseOf(data, f.addr)
		}
	}
	return k.lines.at(addr)
}

// find picks the function of that name and printed size. Static functions may share a name: then the size
// decides; if several fit, it is an error.
func (k *Kernel) find(fn, size string) (function, error) {
	if k.functions == nil {
		if err := k.load(); err != nil {
			return function{}, err
		}
	}
	all := k.functions[fn]
	if len(all) == 0 {
		return function{}, fmt.Errorf("no function %s in this kernel", fn)
	}
	fits := all
	if size != "" {
		want, err := strconv.ParseUint(size, 0, 64)
		if err != nil {
			return function{}, fmt.Errorf("size %q of %s is no number", size, fn)
		}
		fits = nil
		for _, f := range all {
			if f.extent == want || f.size == want {
				fits = append(fits, f)
			}
		}
	}
	switch len(fits) {
	case 0:
		return function{}, fmt.Errorf("%s is %#x long in this kernel, not %s: %w", fn, all[0].extent, size, ErrOtherBuild)
	case 1:
		return fits[0], nil
	}
	return function{}, fmt.Errorf("%d functions of this kernel are named %s", len(fits), fn)
}

// load reads the symbols of all code.
func (k *Kernel) load() error {
	symbols, err := k.file.Symbols()
	if err != nil {
		return fmt.Errorf("symbol table cannot be read: %w", err)
	}
	symbols = slices.DeleteFunc(symbols, func(s elf.Symbol) bool {
		return s.Name == "" || !k.code(s.Section) || elf.ST_TYPE(s.Info) == elf.STT_SECTION || elf.ST_TYPE(s.Info) == elf.STT_FILE
	})
	slices.SortStableFunc(symbols, func(a, b elf.Symbol) int { return cmp.Compare(a.Value, b.Value) })
	k.functions = map[string][]function{}
	for i, s := range symbols {
		f := function{addr: s.Value, size: s.Size, extent: s.Size}
		for _, next := range symbols[i+1:] {
			if next.Value != s.Value {
				f.extent = next.Value - s.Value
				break
			}
		}
		if !slices.ContainsFunc(k.functions[s.Name], func(g function) bool { return g.addr == f.addr }) {
			k.functions[s.Name] = append(k.functions[s.Name], f)
		}
	}
	return nil
}

// code reports whether a section holds instructions.
func (k *Kernel) code(i elf.SectionIndex) bool {
	return int(i) < len(k.file.Sections) && i != elf.SHN_UNDEF && k.file.Sections[i].Flags&elf.SHF_EXECINSTR != 0
}
