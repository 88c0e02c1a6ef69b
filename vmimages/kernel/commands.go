package kernel

import (
	"slices"
	"strings"
)

// Commands are the words of each command that builds such a kernel elsewhere, patches and fragments by their
// file names; none for an image of unknown origin.
func (b Build) Commands() [][]string {
	if _, err := Named(b.Name); err == nil {
		return [][]string{buildWords(b.Name)}
	}
	switch {
	case b.Source == "":
		return nil
	case b.SourceHash == "": // it was not built, but taken
		return [][]string{{"loopfault", "kernel", "add", b.Source}}
	}
	var before [][]string
	source := b.Source
	if b.Commit != "" { // the checkout that it was built in has moved on
		base, _ := SplitName(b.Name)
		source = base + "-source"
		before = append(before, []string{"git", "worktree", "add", "--detach", source, b.Commit})
	}
	return append(before, append(buildWords(b.Name), b.flags(source)...))
}

func buildWords(name string) []string { return []string{"loopfault", "kernel", "build", name} }

// flags are those of the command that builds a custom kernel. Flavours in its name are no files.
func (b Build) flags(source string) []string {
	words := []string{"--source", source}
	for _, p := range b.Patches {
		flag := "--patch"
		if p.Reverse {
			flag = "--reverse-patch"
		}
		words = append(words, flag, p.Name)
	}
	_, flavours := SplitName(b.Name)
	for _, f := range b.Fragments {
		if !slices.Contains(flavours, strings.TrimSuffix(f, ".config")) {
			words = append(words, "--fragment", f)
		}
	}
	return words
}
