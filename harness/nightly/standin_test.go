package nightly_test

import (
	"flag"
	"os"
	"testing"

	"loopfault/harness/cells/standin"
)

// The test's own program runs cells, too.
func TestMain(m *testing.M) {
	standin.Main()
	flag.Parse()
	os.Exit(m.Run())
}
