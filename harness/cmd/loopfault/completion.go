package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"loopfault/harness/grammar"
	"loopfault/results/safefile"
	"loopfault/vmimages/kernel"
	"loopfault/workloads/scenarios"
)

type completionCmd struct {
	Shell string   `arg:"" enum:"bash,zsh,fish,words" help:"Shell that the script is for: bash, zsh or fish. (With words, the command prints candidates for a word: so the script calls it.)"`
	Words []string `arg:"" optional:"" hidden:"" passthrough:"" help:"Words so far, the last of which is to be completed."`
}

func (c completionCmd) Run(e *env, k *kong.Context) error {
	if c.Shell != "words" {
		_, err := fmt.Fprint(e.stdout, grammar.Scripts[c.Shell])
		return err
	}
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	for _, candidate := range grammar.Candidates(k.Model.Node, words, e.valuesOf) {
		fmt.Fprintln(e.stdout, candidate)
	}
	return nil
}

// valuesOf are the values that a flag or an argument may have by its name, as far as they can be listed.
func (e *env) valuesOf(argument string) []string {
	switch argument {
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
		return append(e.runNames(), "latest")
	}
	return nil
}

// runNames reads them from the directory: a completion must not wait for an index.
func (e *env) runNames() (list []string) {
	entries, _ := safefile.ListIn(e.Results, ".")
	for _, entry := range entries {
		if entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
			list = append(list, entry.Name())
		}
	}
	return list
}
