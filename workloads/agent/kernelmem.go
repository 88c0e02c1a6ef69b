package agent

import (
	"bufio"
	"debug/elf"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"loopfault/workloads/wire"
)

// symbolTable is /proc/kallsyms sorted by address.
type symbolTable []wire.Symbol

// loadSymbols reads kallsyms once: under emulation that takes half a second.
func loadSymbols() (symbolTable, error) {
	f, err := os.Open("/proc/kallsyms")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var t symbolTable
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 3 {
			continue
		}
		addr, err := strconv.ParseUint(fields[0], 16, 64)
		if err != nil || addr == 0 {
			continue
		}
		s := wire.Symbol{Name: fields[2], Start: addr}
		if len(fields) > 3 {
			s.Module = strings.Trim(fields[3], "[]")
		}
		t = append(t, s)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(t, func(a, b wire.Symbol) int {
		switch {
		case a.Start < b.Start:
			return -1
		case a.Start > b.Start:
			return 1
		}
		return 0
	})
	return t, nil
}

// end is where the symbol at index i ends: at the next symbol with another
// address, since aliases share one.
func (t symbolTable) end(i int) uint64 {
	for j := i + 1; j < len(t); j++ {
		if t[j].Start > t[i].Start {
			return t[j].Start
		}
	}
	return t[i].Start + 1
}

func (s *server) querySymbols(q wire.SymbolQuery) ([]wire.Symbol, error) {
	s.symbols.Do(func() { s.table, s.tableOK = loadSymbols() })
	if s.tableOK != nil {
		return nil, s.tableOK
	}
	var found []wire.Symbol
	for _, name := range q.Names {
		for i, sym := range s.table {
			if sym.Name == name {
				sym.End = s.table.end(i)
				found = append(found, sym)
			}
		}
	}
	for _, addr := range q.Addresses {
		i, exact := slices.BinarySearchFunc(s.table, addr, func(sym wire.Symbol, a uint64) int {
			switch {
			case sym.Start < a:
				return -1
			case sym.Start > a:
				return 1
			}
			return 0
		})
		if !exact {
			i--
		}
		if i < 0 {
			return nil, fmt.Errorf("no kernel symbol covers %#x", addr)
		}
		sym := s.table[i]
		sym.End = s.table.end(i)
		found = append(found, sym)
	}
	return found, nil
}

// maxText bounds one read of kernel text; no function is that long.
const maxText = 1 << 20

// kernelText reads kernel memory through /proc/kcore, an ELF core whose
// segments are the kernel's mappings.
func kernelText(q wire.TextQuery) (wire.Content, error) {
	if q.End <= q.Start || q.End-q.Start > maxText {
		return wire.Content{}, fmt.Errorf("%#x-%#x is no range of kernel text", q.Start, q.End)
	}
	core, err := elf.Open("/proc/kcore")
	if err != nil {
		return wire.Content{}, err
	}
	defer core.Close()
	for _, p := range core.Progs {
		if p.Type != elf.PT_LOAD || q.Start < p.Vaddr || q.End > p.Vaddr+p.Memsz {
			continue
		}
		buf := make([]byte, q.End-q.Start)
		if _, err := p.ReadAt(buf, int64(q.Start-p.Vaddr)); err != nil {
			return wire.Content{}, err
		}
		return wire.Content{Data: buf}, nil
	}
	return wire.Content{}, fmt.Errorf("/proc/kcore does not hold %#x", q.Start)
}
