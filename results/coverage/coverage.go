// Package coverage is what of a kernel's code ran in trials: how often each function was called, each line ran, and each way
// of a branch was taken. It adds counts of trials up, and says which scenario reaches what no other does, and what
// none reaches.
//
// Counts are those of one kernel: line numbers of another one mean other code. The package runs no tool and reads no files.
package coverage

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// File is the archive in a trial's evidence with what its kernel counted, as the kernel gave it: a file with
// the ending Suffix for each object.
const (
	File   = "coverage.tar.gz"
	Suffix = ".gcda"
)

// Counts are the counts of source files, by name.
type Counts map[string]*Source

// Source is one file.
type Source struct {
	Functions map[string]Function
	Lines     map[int]int64   // how often a line ran, of those that are code
	Ways      map[int][]int64 // how often each way of a line's branches was taken
}

// Function is one function of a file.
type Function struct {
	First, Last int // its lines
	Calls       int64
}

// document is what gcov writes of one object, as far as it is read.
type document struct {
	Files []struct {
		File      string `json:"file"`
		Functions []struct {
			Name  string `json:"name"`
			First int    `json:"start_line"`
			Last  int    `json:"end_line"`
			Calls int64  `json:"execution_count"`
		} `json:"functions"`
		Lines []struct {
			Line     int   `json:"line_number"`
			Count    int64 `json:"count"`
			Branches []struct {
				Count int64 `json:"count"`
			} `json:"branches"`
		} `json:"lines"`
	} `json:"files"`
}

// Read adds what gcov prints as JSON, a document for each object. name gives the name of a source file, and false for
// those that are not wanted.
func (c Counts) Read(r io.Reader, name func(string) (string, bool)) error {
	in := json.NewDecoder(r)
	for {
		var d document
		if err := in.Decode(&d); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("what gcov printed: %w", err)
		}
		c.Add(d.counts(name))
	}
}

func (d document) counts(name func(string) (string, bool)) Counts {
	c := Counts{}
	for _, f := range d.Files {
		as, ok := name(f.File)
		if !ok {
			continue
		}
		s := c.source(as)
		for _, fn := range f.Functions {
			s.Functions[fn.Name] = Function{fn.First, fn.Last, s.Functions[fn.Name].Calls + fn.Calls}
		}
		for _, l := range f.Lines { // of several functions, if they share a line
			s.Lines[l.Line] += l.Count
			for _, b := range l.Branches {
				s.Ways[l.Line] = append(s.Ways[l.Line], b.Count)
			}
		}
	}
	return c
}

func (c Counts) source(name string) *Source {
	if c[name] == nil {
		c[name] = &Source{Functions: map[string]Function{}, Lines: map[int]int64{}, Ways: map[int][]int64{}}
	}
	return c[name]
}

// Add adds the counts of another trial of the same kernel, or of another object: code of a header is in many.
func (c Counts) Add(other Counts) {
	for name, o := range other {
		s := c.source(name)
		for fn, f := range o.Functions {
			f.Calls += s.Functions[fn].Calls
			s.Functions[fn] = f
		}
		for line, n := range o.Lines {
			s.Lines[line] += n
		}
		for line, ways := range o.Ways {
			sum := s.Ways[line]
			for i, n := range ways {
				if i == len(sum) {
					sum = append(sum, 0)
				}
				sum[i] += n
			}
			s.Ways[line] = sum
		}
	}
}

// Part is how many of how many ran.
type Part struct {
	Ran int `json:"ran"`
	All int `json:"all"`
}

func (p *Part) count(n int64) {
	p.All++
	if n > 0 {
		p.Ran++
	}
}

// Share is the part that ran, 1 of nothing.
func (p Part) Share() float64 {
	if p.All == 0 {
		return 1
	}
	return float64(p.Ran) / float64(p.All)
}

// Size is how much of some code ran: functions, lines, and ways of branches.
type Size struct {
	Functions Part `json:"functions"`
	Lines     Part `json:"lines"`
	Branches  Part `json:"branches"`
}

func (s *Size) add(source *Source) {
	for _, f := range source.Functions {
		s.Functions.count(f.Calls)
	}
	for _, n := range source.Lines {
		s.Lines.count(n)
	}
	for _, ways := range source.Ways {
		for _, n := range ways {
			s.Branches.count(n)
		}
	}
}

// Size is how much of all files ran.
func (c Counts) Size() (s Size) {
	for _, source := range c {
		s.add(source)
	}
	return s
}

// names are the files in the order of their names.
func (c Counts) names() []string { return slices.Sorted(maps.Keys(c)) }
