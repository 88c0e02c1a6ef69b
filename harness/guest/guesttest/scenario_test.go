package guesttest

import (
	"testing"

	"loopfault/harness/scenario"
)

func TestShortScenarioIsOne(t *testing.T) {
	path, err := ShortScenario(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, variant := range []string{"", ":a", ":b"} {
		ref, err := scenario.ParseRef(path + variant)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := ref.Find(); err != nil {
			t.Error(variant, err)
		}
	}
}
