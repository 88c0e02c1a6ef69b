package main

import (
	"fmt"

	"github.com/alecthomas/kong"

	"loopfault/harness/grammar"
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
	for _, candidate := range grammar.Candidates(k.Model.Node, words, e.NamesFor) {
		fmt.Fprintln(e.stdout, candidate)
	}
	return nil
}
