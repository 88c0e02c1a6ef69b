package scenario

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"

	"loopfault/errs"
)

// maxFile is the most that a scenario file may hold, in bytes.
const maxFile = 4 << 20

// Problem is one thing wrong with a scenario file.
type Problem struct {
	File    string
	Line    int    // 0 when it has none
	Message string // one line
}

func (p Problem) Error() string {
	if p.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
	}
	return fmt.Sprintf("%s: %s", p.File, p.Message)
}

// Problems are all of them, in the order of the file.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Whose says that a scenario with problems is the user's.
func (Problems) Whose() errs.Class { return errs.Usage }

// Parse reads and checks one scenario and all its variants; file is for
// messages.
func Parse(file string, text []byte) (Scenario, error) {
	s, err := read(file, text)
	if err != nil {
		return Scenario{}, err
	}
	found := check(s)
	for _, name := range slices.Sorted(maps.Keys(s.Variants)) {
		v, err := s.vary(name)
		if err != nil {
			return Scenario{}, problems(file, err)
		}
		if len(found) == 0 {
			found = check(v)
			for i := range found {
				found[i].path = "variants." + name + "." + found[i].path
			}
		}
	}
	if len(found) > 0 {
		var root yaml.Node // only for the lines: of a file without problems it would be half of the work
		if err := yaml.Load(text, &root); err != nil {
			return Scenario{}, problems(file, err)
		}
		ps := make(Problems, len(found))
		for i, f := range found {
			ps[i] = Problem{File: file, Line: line(&root, f.path), Message: f.path + ": " + f.message}
		}
		return Scenario{}, ps
	}
	return s, nil
}

// read reads a scenario that may have problems.
func read(file string, text []byte) (Scenario, error) {
	s := defaults()
	if err := yaml.Load(text, &s, yaml.WithKnownFields()); err != nil {
		return Scenario{}, problems(file, err)
	}
	return s.withoutDefaults(), nil
}

// sound are the names of those of the catalogue that were once checked and have no problems. They are part of the
// program: they and their variants need not be checked again each time one is found.
var sound sync.Map

// parseNamed is Parse for a scenario of the catalogue.
func parseNamed(name string, text []byte) (Scenario, error) {
	file := name + ".yaml"
	if _, is := sound.Load(name); is {
		return read(file, text)
	}
	s, err := Parse(file, text)
	if err == nil {
		sound.Store(name, nil)
	}
	return s, err
}

var unknownField = regexp.MustCompile(`^field (\S+) not found in type`)

// problems translates the YAML library's errors into ours.
func problems(file string, err error) error {
	var many *yaml.LoadErrors
	var one *yaml.LoadError
	var list []*yaml.LoadError
	switch {
	case errors.As(err, &many):
		list = many.Errors
	case errors.As(err, &one):
		list = []*yaml.LoadError{one}
	default:
		return Problems{{File: file, Message: err.Error()}}
	}
	var ps Problems
	for _, e := range list {
		msg := e.Message
		if m := unknownField.FindStringSubmatch(msg); m != nil {
			if names := fieldNames(); slices.Contains(names, m[1]) {
				msg = fmt.Sprintf("field %q does not belong here", m[1])
			} else {
				msg = fmt.Sprintf("unknown field %q%s", m[1], DidYouMean(m[1], names))
			}
		}
		ps = append(ps, Problem{File: file, Line: e.Mark.Line, Message: msg})
	}
	return ps
}

// line finds the line of a path like "faults[0].failslab.times", or, if the
// file does not contain it, of its longest existing prefix.
func line(n *yaml.Node, path string) int {
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	at := n.Line
	for _, part := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		next := child(n, part)
		if next == nil {
			return at
		}
		n = next
		at = n.Line
	}
	return at
}

func child(n *yaml.Node, part string) *yaml.Node {
	switch n.Kind {
	case yaml.SequenceNode:
		var i int
		if _, err := fmt.Sscanf(part, "%d", &i); err == nil && i < len(n.Content) {
			return n.Content[i]
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == part {
				return n.Content[i+1]
			}
		}
	}
	return nil
}
