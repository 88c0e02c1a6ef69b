// Package grammar writes what follows from the grammar of a command line: help with examples, a manual, and the words by
// which a shell completes. It knows no command, and does not parse.
package grammar

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// Notes are what help and manual say of commands beside their flags and arguments, by their names with those of the
// commands that they are part of: "kernel build".
type Notes struct {
	Examples map[string][][2]string // command lines, and what each is for
	JSON     map[string]string      // what --json prints
}

// Add adds the notes to the help of all commands.
func (t Notes) Add(k *kong.Kong) error {
	for _, n := range k.Model.Leaves(true) {
		var b strings.Builder
		if n.Detail != "" {
			b.WriteString(n.Detail + "\n\n")
		}
		for i, e := range t.Examples[n.Path()] {
			if i == 0 {
				b.WriteString("Examples:\n\n")
			}
			fmt.Fprintf(&b, "    %s\n        # %s\n", e[0], e[1])
		}
		n.Detail = b.String()
		if text := t.JSON[n.Path()]; text != "" {
			n.Detail += "\n" + text + "\n"
		}
	}
	return nil
}
