package main

import (
	"fmt"
	"runtime/debug"
)

type versionCmd struct{}

func (versionCmd) Run(e *env) error {
	for _, k := range []string{"loopfault", "go", "qemu"} {
		fmt.Fprintf(e.stdout, "%s %s\n", k, e.Versions()[k])
	}
	return nil
}

// version is the tag and commit that the Makefile found; or else what Go recorded of the
// commit, which a plain go build or go install does in a clone.
var version string

func init() {
	if version == "" {
		info, ok := debug.ReadBuildInfo()
		version = recorded(info, ok)
	}
}

// recorded is the version in a program's build information, "unknown" without one.
func recorded(info *debug.BuildInfo, ok bool) string {
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "unknown"
	}
	return info.Main.Version
}
