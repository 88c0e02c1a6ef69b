package kernelreport

import (
	"strings"
	"sync"
)

// plainName removes what compilers add to a function's name when they clone or split it, so that two builds agree:
// ".isra.0", ".part.3", ".constprop.0", ".cold", ".clone.0", ".llvm.123".
func plainName(fn string) string {
	for {
		i := strings.LastIndexByte(fn, '.')
		if i <= 0 {
			return fn
		}
		switch last := fn[i+1:]; {
		case last == "isra", last == "part", last == "constprop", last == "cold", last == "clone", last == "llvm", last == "lto_priv",
			allDigits([]byte(last)), strings.HasPrefix(last, "cfi"):
			fn = fn[:i]
		default:
			return fn
		}
	}
}

// bareName is plainName without leading underscores: which of f, _f and __f stands in a stack depends on what the
// compiler inlined.
func bareName(fn string) string {
	fn = plainName(fn)
	if t := strings.TrimLeft(fn, "_"); t != "" {
		return t
	}
	return fn
}

// blameIndex is blameTable arranged for look-up: row numbers by exact name, and those of patterns by their first two letters.
type blameIndex struct {
	exact    map[string]int
	patterns map[[2]byte][]int
}

var blameLookup = sync.OnceValue(func() blameIndex {
	ix := blameIndex{exact: map[string]int{}, patterns: map[[2]byte][]int{}}
	for i, row := range blameTable {
		if strings.IndexByte(row.pattern, '*') >= 0 {
			start := [2]byte([]byte(row.pattern))
			ix.patterns[start] = append(ix.patterns[start], i)
		} else if _, ok := ix.exact[row.pattern]; !ok {
			ix.exact[row.pattern] = i
		}
	}
	return ix
})

// classOf is the class of a function that tells nothing, or 0.
func classOf(fn string) frameClass {
	if i := blameRowOf(fn); i >= 0 {
		return blameTable[i].class
	}
	return 0
}

// blameRowOf is the number of the first row that matches a function, or -1.
func blameRowOf(fn string) int {
	name := bareName(fn)
	if name == "" {
		return -1
	}
	ix := blameLookup()
	best, ok := ix.exact[name]
	if !ok {
		best = -1
	}
	if len(name) < 2 {
		return best
	}
	for _, i := range ix.patterns[[2]byte{name[0], name[1]}] {
		if best >= 0 && i > best {
			break
		}
		if matchPattern(blameTable[i].pattern, name) {
			return i
		}
	}
	return best
}

// patterns are those of a table's rows by the first letter of the names that they match.
type patterns [256][]patternOf

type patternOf struct {
	row     int
	pattern string
}

func newPatterns(rows ...[]string) *patterns {
	var by patterns
	for i, row := range rows {
		for _, p := range row {
			first, last := p[0], p[0]
			if p[0] == '*' {
				first, last = 0, 255
			}
			for c := int(first); c <= int(last); c++ {
				by[c] = append(by[c], patternOf{i, p})
			}
		}
	}
	return &by
}

// first is the first row below bound of which a pattern matches a name, or bound.
func (by *patterns) first(name string, bound int) int {
	if name == "" {
		return bound
	}
	for _, p := range by[name[0]] {
		if p.row >= bound {
			break
		}
		if matchPattern(p.pattern, name) {
			return p.row
		}
	}
	return bound
}

// matchPattern matches a name against a pattern with stars.
func matchPattern(pattern, name string) bool {
	if pattern != "" && pattern[0] != '*' && (name == "" || pattern[0] != name[0]) {
		return false
	}
	head, rest, star := strings.Cut(pattern, "*")
	if !strings.HasPrefix(name, head) {
		return false
	}
	if !star {
		return name == head
	}
	name = name[len(head):]
	if rest == "" {
		return true
	}
	for i := 0; i <= len(name); i++ {
		if matchPattern(rest, name[i:]) {
			return true
		}
	}
	return false
}
