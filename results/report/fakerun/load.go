package fakerun

import (
	"os"
	"testing"

	"loopfault/results/report/model"
	"loopfault/results/store"
)

// Model makes a run in a directory of the test and reads its model.
func Model(t testing.TB, spec Spec) model.Run {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	run, err := Make(st, spec)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := st.Load(run.Name)
	if err != nil {
		t.Fatal(err)
	}
	return model.Read(stored, model.Options{})
}
