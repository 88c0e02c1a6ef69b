package grammar

import (
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Scripts are completion scripts by shell. They make the shells ask the program itself, by its command completion words, so
// that they are always up to date. None may evaluate the answer as shell code: bash's compgen -W does, and would execute a
// directory named $(…).
var Scripts = map[string]string{
	"bash": `_loopfault() {
	mapfile -t COMPREPLY < <(loopfault completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _loopfault loopfault
`,
	"zsh": `#compdef loopfault
_loopfault() {
	local -a candidates
	candidates=("${(@f)$(loopfault completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
	compadd -- $candidates || _files
}
# Sourced, this file defines; found by zsh in its path, it is the function itself.
if [ "$funcstack[1]" = _loopfault ]; then _loopfault "$@"; else compdef _loopfault loopfault; fi
`,
	"fish": `complete -c loopfault -a '(loopfault completion words -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
}

// harmless matches words that need no quotes in any shell: a completed word ends up on a command line that is
// executed next. All of loopfault's own names have this form.
var harmless = regexp.MustCompile(`^[A-Za-z0-9_./:,@%+=-]+$`)

// Candidates are what the last of some words may become, given those before it: only such as need no quotes in any shell.
// values are those that an argument or a flag may have, by its name.
func Candidates(node *kong.Node, words []string, values func(name string) []string) []string {
	last, before := "", ""
	if len(words) > 0 {
		last = words[len(words)-1]
		words = words[:len(words)-1]
	}
	flags := slices.Clone(node.Flags)
	for _, w := range words {
		before = w
		for _, child := range node.Children {
			if child.Name == w {
				node = child
				flags = append(flags, child.Flags...)
				break
			}
		}
	}
	var list []string
	if flag := flagOf(flags, before); flag != nil && !flag.IsBool() {
		list = valuesOf(flag.Value, values)
	} else if strings.HasPrefix(last, "-") {
		for _, f := range flags {
			if !f.Hidden {
				list = append(list, "--"+f.Name)
			}
		}
	} else {
		for _, child := range node.Children {
			if !child.Hidden {
				list = append(list, child.Name)
			}
		}
		for _, p := range node.Positional {
			list = append(list, valuesOf(p, values)...)
		}
	}
	return slices.DeleteFunc(list, func(s string) bool { return !strings.HasPrefix(s, last) || !harmless.MatchString(s) })
}

func flagOf(flags []*kong.Flag, word string) *kong.Flag {
	for _, f := range flags {
		if word == "--"+f.Name {
			return f
		}
	}
	return nil
}

// valuesOf are the values that a flag or an argument may have, as far as they can be listed.
func valuesOf(v *kong.Value, values func(name string) []string) []string {
	if v.Enum != "" {
		return slices.DeleteFunc(v.EnumSlice(), func(s string) bool { return s == "" })
	}
	return slices.Clone(values(v.Name))
}
