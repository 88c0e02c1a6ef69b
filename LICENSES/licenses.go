// Package licenses holds the licence texts, for what carries them elsewhere.
package licenses

import "embed"

// Texts are the files of this directory, by name.
//
//go:embed *.txt
var Texts embed.FS
