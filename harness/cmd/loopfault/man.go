package main

import (
	"io"

	"github.com/alecthomas/kong"

	"loopfault/harness/grammar"
)

type manCmd struct{}

// Run prints the manual, made from the grammar of the command line and nothing else.
func (manCmd) Run(e *env, k *kong.Context) error {
	_, err := io.WriteString(e.stdout, notes.Manual(k.Model, grammar.About{
		Version: version, Title: "find hangs of loop-back NFS mounts in QEMU guests, and compare kernels by them",
		Environment: []string{"LOOPFAULT_RESULTS", "LOOPFAULT_CACHE", "LOOPFAULT_QEMU", "LOOPFAULT_ACCEL", "LOOPFAULT_RELEASE"},
	}))
	return err
}
