// Package scenarios is the catalogue: the YAML files of the scenarios that
// come with loopfault, as text. What the text means is package scenario's
// business.
package scenarios

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// Names lists the catalogue in alphabetical order.
func Names() []string {
	found, _ := fs.Glob(files, "*.yaml")
	for i, f := range found {
		found[i] = strings.TrimSuffix(f, ".yaml")
	}
	return found
}

// Text is the YAML of one scenario.
func Text(name string) ([]byte, bool) {
	text, err := files.ReadFile(name + ".yaml")
	return text, err == nil
}
