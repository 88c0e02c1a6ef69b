package merge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"loopfault/errs"
	"loopfault/results/store"
)

// Bring copies a run that is whole by itself, as a cell of a matrix is, into another results directory, and returns its
// name there: its own, or, if another run has that, one with a number. A run that is there already is not copied again.
func Bring(from string, run store.RunName, results string) (store.RunName, error) {
	in, err := os.OpenRoot(from)
	if err != nil {
		return "", errs.ByUser(err)
	}
	defer in.Close()
	src, err := in.OpenRoot(string(run))
	if err != nil {
		return "", errs.ByUser(named(from, err))
	}
	defer src.Close()
	dir := filepath.Join(from, string(run))
	text, err := readFile(src, dir, "manifest.json", maxRecord)
	if err != nil {
		return "", errs.ByUser(err)
	}
	out, err := os.OpenRoot(results)
	if err != nil {
		return "", err
	}
	defer out.Close()
	name, there, err := place(out, results, run, text)
	if err != nil || there {
		return name, err
	}
	stage := ".bringing-" + string(name)
	if err := out.RemoveAll(stage); err != nil { // of a process that was killed
		return "", err
	}
	to, err := makeDir(out, stage)
	if err != nil {
		return "", err
	}
	defer to.Close()
	if err := copyTree(src, to, dir, 0, "manifest.json"); err != nil {
		return "", errors.Join(err, out.RemoveAll(stage))
	}
	if text, err = renamed(text, name); err != nil {
		return "", errors.Join(errs.Usagef("%s is damaged: %w", filepath.Join(dir, "manifest.json"), err), out.RemoveAll(stage))
	}
	if err := to.WriteFile("manifest.json", text, 0o644); err != nil {
		return "", errors.Join(err, out.RemoveAll(stage))
	}
	return name, out.Rename(stage, string(name))
}

// place finds a name for a run, or that it is there.
func place(out *os.Root, results string, run store.RunName, manifest []byte) (store.RunName, bool, error) {
	for i := 1; ; i++ {
		name := run
		if i > 1 {
			name = store.RunName(fmt.Sprintf("%s.%d", run, i))
		}
		have, err := out.OpenRoot(string(name))
		if errors.Is(err, fs.ErrNotExist) {
			return name, false, nil
		}
		if err != nil {
			return "", false, named(results, err)
		}
		is, err := readFile(have, filepath.Join(results, string(name)), "manifest.json", maxRecord)
		have.Close()
		if err != nil {
			continue // somebody has only just begun it
		}
		if want, err := renamed(manifest, name); err == nil && bytes.Equal(is, want) {
			return name, true, nil
		}
	}
}

// renamed is a manifest that says another name of its run; everything else in it stays.
func renamed(manifest []byte, name store.RunName) ([]byte, error) {
	var m struct{ Run string }
	if err := json.Unmarshal(manifest, &m); err != nil {
		return nil, err
	}
	if m.Run == string(name) {
		return manifest, nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(manifest, &all); err != nil {
		return nil, err
	}
	all["run"] = json.RawMessage(fmt.Sprintf("%q", string(name))) // of letters that JSON takes as they are
	text, err := json.MarshalIndent(all, "", "  ")
	return append(text, '\n'), err
}
