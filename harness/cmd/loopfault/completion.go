package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"loopfault/results/safefile"
	"loopfault/vmimages/kernel"
	"loopfault/workloads/scenarios"
)

type completionCmd struct {
	Shell string   `arg:"" enum:"bash,zsh,fish,words" help:"Shell that the script is for: bash, zsh or fish. (With words, the command prints candidates for a word: so the script calls it.)"`
	Words []string `arg:"" optional:"" hidden:"" passthrough:"" help:"Words so far, the last of which is to be completed."`
}

// scripts make the shells ask the program itself, so that they are always up to date. None may evaluate the
// answer as shell code: bash's compgen -W does, and would execute a directory named $(…).
var scripts = map[string]string{
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

func (c completionCmd) Run(e *env, k *kong.Context) error {
	if c.Shell != "words" {
		_, err := fmt.Fprint(e.stdout, scripts[c.Shell])
		return err
	}
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	for _, candidate := range candidates(k.Model.Node, words, e.Results) {
		if harmless.MatchString(candidate) {
			fmt.Fprintln(e.stdout, candidate)
		}
	}
	return nil
}

// candidates are what the last word may become, given those before it.
func candidates(node *kong.Node, words []string, results string) []string {
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
		list = valuesOf(flag.Value, results)
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
			list = append(list, valuesOf(p, results)...)
		}
	}
	return slices.DeleteFunc(list, func(s string) bool { return !strings.HasPrefix(s, last) })
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
func valuesOf(v *kong.Value, results string) []string {
	if v.Enum != "" {
		return slices.DeleteFunc(v.EnumSlice(), func(s string) bool { return s == "" })
	}
	switch v.Name {
	case "scenario", "scenarios":
		return scenarios.Names()
	case "kernel":
		names := kernel.CatalogueNames()
		for _, name := range kernel.CatalogueNames() {
			for _, series := range kernel.SeriesOf(name) {
				names = append(names, name+"@"+series)
			}
		}
		return names
	case "run", "trial", "trial-or-text":
		return append(runNames(results), "latest")
	}
	return nil
}

// runNames reads them from the directory: a completion must not wait for an index.
func runNames(results string) []string {
	entries, _ := safefile.ListIn(results, ".")
	var list []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			list = append(list, e.Name())
		}
	}
	return list
}
