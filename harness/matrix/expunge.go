package matrix

import (
	"bufio"
	"bytes"
	"fmt"
	"path"
	"strings"

	"loopfault/errs"
	"loopfault/results/safefile"
)

// Expunge is one line of an expunge list: cells that are not to run.
type Expunge struct {
	Line     int    `json:"line"`
	Scenario string `json:"scenario"` // glob of scenario names
	Kernel   string `json:"kernel,omitempty"`
	Vers     string `json:"vers,omitempty"`
	FS       string `json:"fs,omitempty"`
	Reason   string `json:"reason"`
}

// Expunges is an expunge list.
type Expunges []Expunge

// ReadExpunges reads the file of a list, as ParseExpunges does. Errors are the user's.
func ReadExpunges(file string) (Expunges, error) {
	text, err := safefile.Read(file, safefile.MaxConfig)
	if err != nil {
		return nil, errs.Usagef("expunge list: %w", err)
	}
	list, err := ParseExpunges(file, text)
	return list, errs.ByUser(err)
}

// ParseExpunges reads a list: a line names scenarios (a glob), then
// restrictions (kernel=, vers=, fs=; globs too), then the required reason after
// a #. Empty lines and pure comment lines are ignored. Errors are one line with
// file and line number.
func ParseExpunges(file string, text []byte) (Expunges, error) {
	var list Expunges
	in := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; in.Scan(); n++ {
		what, reason, _ := strings.Cut(in.Text(), "#")
		words := strings.Fields(what)
		if len(words) == 0 {
			continue
		}
		e := Expunge{Line: n, Scenario: words[0], Reason: strings.TrimSpace(reason)}
		if e.Reason == "" {
			return nil, fmt.Errorf("%s:%d: no reason: want SCENARIO [kernel=K] [vers=V] [fs=F] # why", file, n)
		}
		for _, w := range words[1:] {
			key, value, _ := strings.Cut(w, "=")
			field := map[string]*string{"kernel": &e.Kernel, "vers": &e.Vers, "fs": &e.FS}[key]
			if field == nil || value == "" {
				return nil, fmt.Errorf("%s:%d: %q is not kernel=K, vers=V or fs=F", file, n, w)
			}
			*field = value
		}
		for _, glob := range []string{e.Scenario, e.Kernel, e.Vers, e.FS} {
			if _, err := path.Match(glob, ""); err != nil {
				return nil, fmt.Errorf("%s:%d: %q: %w", file, n, glob, err)
			}
		}
		list = append(list, e)
	}
	return list, in.Err()
}

// find gives the first line that a cell matches.
func (l Expunges) find(c Cell) (Expunge, bool) {
	for _, e := range l {
		if e.matches(c) {
			return e, true
		}
	}
	return Expunge{}, false
}

func (e Expunge) matches(c Cell) bool {
	for _, p := range [][2]string{{e.Scenario, c.Name}, {e.Kernel, c.Kernel}, {e.Vers, c.Vers}, {e.FS, c.FS}} {
		if p[0] == "" {
			continue
		}
		if ok, _ := path.Match(p[0], p[1]); !ok {
			return false
		}
	}
	return true
}

// Idle lists the lines that exclude no cell: they may be misspelt, or out of
// date.
func (l Expunges) Idle(cells []Cell) Expunges {
	var idle Expunges
	for _, e := range l {
		used := false
		for _, c := range cells {
			used = used || c.State == Expunged && e.matches(c)
		}
		if !used {
			idle = append(idle, e)
		}
	}
	return idle
}
