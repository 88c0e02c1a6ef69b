// Package packagestest lets quick tests do without Debian packages. `make check` needs only
// Go: what a program of Debian is missing for is left to `make test`, which installs it.
package packagestest

import (
	"testing"

	"loopfault/vmimages/packages"
)

// Need skips a test of `go test -short` where a command, or the file of an absolute path,
// is missing. In other runs that is a failure: a green run must not hide a missing package.
func Need(t testing.TB, needs ...string) {
	t.Helper()
	err := packages.Require(needs...)
	switch {
	case err == nil:
	case testing.Short():
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}
