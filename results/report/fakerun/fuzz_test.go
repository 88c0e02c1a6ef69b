package fakerun_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"loopfault/results/report/fakerun"
	"loopfault/results/report/html"
	"loopfault/results/report/junit"
	"loopfault/results/report/kcidb"
	"loopfault/results/report/ktap"
	"loopfault/results/report/mail"
	"loopfault/results/report/markdown"
	"loopfault/results/report/model"
	"loopfault/results/store"
)

// fuzzed are the files of a run that the fuzzer makes up, and the order of its arguments.
var fuzzed = []string{"manifest.json", "trials/0001/verdict.json", "trials/0001/reports.json", "trials/0001/history.jsonl", "trials/0001/console.log"}

// FuzzRun: a run whose files hold anything is read and reported in every format, or refused; nothing that writes a
// format fails or leaves what is no longer the format.
func FuzzRun(f *testing.F) {
	for _, hostile := range []bool{false, true} {
		texts := filesOf(f, fakerun.Spec{Trials: 3, Signatures: 1, Hostile: hostile})
		f.Add(texts[0], texts[1], texts[2], texts[3], texts[4])
	}
	dir := f.TempDir()
	st, err := store.Open(dir)
	require.NoError(f, err)
	run, err := fakerun.Make(st, fakerun.Spec{Trials: 6, Signatures: 1})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, manifest, verdict, reports, history, console []byte) {
		for i, text := range [][]byte{manifest, verdict, reports, history, console} {
			require.NoError(t, os.WriteFile(filepath.Join(run.Dir, fuzzed[i]), text, 0o644))
		}
		stored, err := st.Load(run.Name)
		if err != nil {
			return
		}
		m := model.Read(stored, model.Options{})
		for name, write := range map[string]func(io.Writer, model.Run) error{
			"junit": junit.Write, "ktap": ktap.Write, "mail": mail.Write, "markdown": markdown.Write, "kcidb": kcidb.Write,
			"html": func(w io.Writer, r model.Run) error { return html.Write(w, r, html.Options{}) },
		} {
			var out bytes.Buffer
			require.NoError(t, write(&out, m), name)
			switch name {
			case "junit":
				for d := xml.NewDecoder(&out); ; {
					if _, err := d.Token(); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						t.Fatal(err)
					}
				}
			case "kcidb":
				require.True(t, json.Valid(out.Bytes()), name)
			}
		}
		_, err = json.Marshal(m.Summary)
		require.NoError(t, err)
	})
}

// filesOf are the fuzzed files of a made-up run, those that it has not empty.
func filesOf(t testing.TB, spec fakerun.Spec) (texts [][]byte) {
	t.Helper()
	st, err := store.Open(t.TempDir())
	require.NoError(t, err)
	run, err := fakerun.Make(st, spec)
	require.NoError(t, err)
	for _, name := range fuzzed {
		text, err := os.ReadFile(filepath.Join(run.Dir, name))
		if err != nil {
			require.ErrorIs(t, err, os.ErrNotExist)
		}
		texts = append(texts, text)
	}
	return texts
}
