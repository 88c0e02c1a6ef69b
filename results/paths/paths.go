// Package paths tells calls of one kernel function apart by the stack that led to
// them. That a function ran says nothing about a report whose stack came to it by
// another way: what counts is the path, and each path is counted by itself.
//
// It reads histograms that the kernel keyed by stack, and is pure: it asks no guest
// and decides no verdict.
package paths

import (
	"fmt"
	"slices"
	"strings"
)

// Path is a way to a function, named for tables.
type Path struct {
	// Name is a word such as evict, or evict/umount for a part of the path evict: what
	// is counted of the part is counted of the whole as well.
	Name string `json:"path" yaml:"path"`
	// Below are functions that stand below the counted one on the stack, those that
	// called first: the caller, its caller, and so on. Others may stand between them.
	// "a|b" is either: functions have other names in other versions of the kernel. Those
	// of a part come below those of its whole.
	Below []string `json:"below" yaml:"below"`
}

// Count is what was counted of one path.
type Count struct {
	Calls  int64 `json:"calls"`  // calls of the function by this path
	Landed int64 `json:"landed"` // of these, those in which a fault landed
}

// Other is the name under which calls are counted that no path accounts for.
const Other = "other"

// part separates a path's name from those of its parts.
const part = "/"

// Whole is the name of the path that a path is a part of, "" if it is none.
func Whole(name string) string {
	at := strings.LastIndex(name, part)
	if at < 0 {
		return ""
	}
	return name[:at]
}

// Stack is one stack and how often the kernel saw it.
type Stack struct {
	Frames []string // functions, the innermost first, without offsets
	Hits   int64
}

// from is the stack from a function on, without what the probe itself put before it;
// nil if the function is not on it.
func (s Stack) from(function string) []string {
	if at := slices.Index(s.Frames, function); at >= 0 {
		return s.Frames[at:]
	}
	return nil
}

// Took says whether a call of the function came by way of others, which stand below it
// in this order.
func (s Stack) Took(function string, below []string) bool {
	frames := s.from(function)
	return len(frames) > 0 && descend(frames[1:], below) != nil
}

// descend finds functions on a stack one below the other. It returns what is below the
// last, not nil even if that is nothing; nil if they are not all there.
func descend(frames, below []string) []string {
	if frames == nil {
		frames = []string{}
	}
	for _, either := range below {
		names := strings.Split(either, "|")
		at := slices.IndexFunc(frames, func(f string) bool { return slices.Contains(names, f) })
		if at < 0 {
			return nil
		}
		frames = frames[at+1:]
	}
	return frames
}

// Tally sorts calls of a function, and those of them in which a fault landed, by path.
// Of paths side by side the first that fits counts. Without any paths each direct
// caller is one.
func Tally(function string, list []Path, calls, landed []Stack) map[string]Count {
	counts := map[string]Count{}
	sort := func(stacks []Stack, add func(*Count, int64)) {
		for _, s := range stacks {
			for _, name := range names(s.from(function), list) {
				c := counts[name]
				add(&c, s.Hits)
				counts[name] = c
			}
		}
	}
	sort(calls, func(c *Count, n int64) { c.Calls += n })
	sort(landed, func(c *Count, n int64) { c.Landed += n })
	return counts
}

// names are those of the path that a stack, from the function on, belongs to: the whole
// and its parts.
func names(frames []string, list []Path) (found []string) {
	if len(list) == 0 {
		if len(frames) < 2 {
			return []string{Other}
		}
		return []string{frames[1]}
	}
	whole, rest := "", frames
	if len(rest) > 0 {
		rest = rest[1:]
	}
	for {
		next := slices.IndexFunc(list, func(p Path) bool { return Whole(p.Name) == whole && descend(rest, p.Below) != nil })
		if next < 0 {
			break
		}
		found = append(found, list[next].Name)
		whole, rest = list[next].Name, descend(rest, list[next].Below)
	}
	if found == nil {
		return []string{Other}
	}
	return found
}

// Sum adds up hits.
func Sum(stacks []Stack) (n int64) {
	for _, s := range stacks {
		n += s.Hits
	}
	return n
}

// Taken is how many calls of a function came by way of others.
func Taken(function string, below []string, stacks []Stack) (n int64) {
	for _, s := range stacks {
		if s.Took(function, below) {
			n += s.Hits
		}
	}
	return n
}

// Merge adds the counts of one trial to those of others.
func Merge(into, more map[string]Count) map[string]Count {
	for name, c := range more {
		if into == nil {
			into = map[string]Count{}
		}
		into[name] = Count{into[name].Calls + c.Calls, into[name].Landed + c.Landed}
	}
	return into
}

// Check says what is wrong with a list of paths, "" if nothing is; at is the index of
// the path that it is wrong with.
func Check(list []Path) (at int, wrong string) {
	for i, p := range list {
		whole := Whole(p.Name)
		switch {
		case !validName(p.Name):
			return i, fmt.Sprintf("path is %q, want lower-case words with hyphens, such as evict, or evict/umount for a part of it", p.Name)
		case p.Name == Other:
			return i, "path is other, which is the name of what no path accounts for"
		case slices.ContainsFunc(list[:i], func(q Path) bool { return q.Name == p.Name }):
			return i, fmt.Sprintf("path %s is there already", p.Name)
		case whole != "" && !slices.ContainsFunc(list, func(q Path) bool { return q.Name == whole }):
			return i, fmt.Sprintf("path %s is a part of %s, which is not there", p.Name, whole)
		case len(p.Below) == 0:
			return i, fmt.Sprintf("path %s: want at least one function that stands below", p.Name)
		}
	}
	return 0, ""
}

func validName(name string) bool {
	for word := range strings.SplitSeq(name, part) {
		if word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}
