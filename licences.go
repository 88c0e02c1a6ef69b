// Package loopfault holds the licence texts, for what carries kernels and the program to other machines. The program is in
// harness/cmd/loopfault.
package loopfault

import "embed"

// Licences are the texts, by file name below LICENSES.
//
//go:embed LICENSES/*.txt
var Licences embed.FS
