package coverage

import (
	"cmp"
	"maps"
	"path"
	"slices"
)

// FileReport is what ran of a file, and what did not.
type FileReport struct {
	File string `json:"file"`
	Size
	Never    []string `json:"never_called"` // functions
	NotRun   [][2]int `json:"not_run"`      // first and last of lines that did not run, of functions that were called
	NotTaken []Untold `json:"not_taken"`    // lines that ran, and have a branch of which a way was never taken
}

// Untold are lines of a function.
type Untold struct {
	Function string `json:"function"`
	Lines    []int  `json:"lines"`
}

// Files are reports of all files, the least exercised first.
func (c Counts) Files() []FileReport {
	reports := []FileReport{}
	for _, name := range c.names() {
		reports = append(reports, c[name].report(name))
	}
	slices.SortStableFunc(reports, func(a, b FileReport) int { return cmp.Compare(a.Lines.Share(), b.Lines.Share()) })
	return reports
}

// Matching are the reports of files that match a pattern as path.Match has it, which is known to be one; all if it is "".
func Matching(files []FileReport, pattern string) []FileReport {
	if pattern == "" {
		return files
	}
	some := []FileReport{}
	for _, f := range files {
		if ok, _ := path.Match(pattern, f.File); ok {
			some = append(some, f)
		}
	}
	return some
}

func (s *Source) report(name string) FileReport {
	r := FileReport{File: name, Never: []string{}, NotRun: [][2]int{}, NotTaken: []Untold{}}
	r.add(s)
	for _, fn := range slices.Sorted(maps.Keys(s.Functions)) {
		if s.Functions[fn].Calls == 0 {
			r.Never = append(r.Never, fn)
		}
	}
	var before int64 = 1
	for _, line := range slices.Sorted(maps.Keys(s.Lines)) {
		fn := s.around(line)
		ran := s.Lines[line]
		if f, ok := s.Functions[fn]; ok && f.Calls == 0 { // said by its name
			before = 1
			continue
		}
		switch last := len(r.NotRun) - 1; {
		case ran == 0 && before == 0:
			r.NotRun[last][1] = line
		case ran == 0:
			r.NotRun = append(r.NotRun, [2]int{line, line})
		case slices.Contains(s.Ways[line], 0):
			r.untold(fn, line)
		}
		before = ran
	}
	return r
}

// untold appends a line to those of its function; lines come in their order.
func (r *FileReport) untold(fn string, line int) {
	if last := len(r.NotTaken) - 1; last >= 0 && r.NotTaken[last].Function == fn {
		r.NotTaken[last].Lines = append(r.NotTaken[last].Lines, line)
		return
	}
	r.NotTaken = append(r.NotTaken, Untold{fn, []int{line}})
}

// around is the function that a line is in, "" if it is in none that is known: one that was inlined everywhere has no calls.
func (s *Source) around(line int) (name string) {
	for fn, f := range s.Functions {
		if f.First <= line && line <= f.Last && (name == "" || fn < name) {
			name = fn
		}
	}
	return name
}
