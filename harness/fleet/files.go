package fleet

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"loopfault/errs"
	"loopfault/results/safefile"
)

// maxState bounds the files of a fleet that are read whole, in bytes.
const maxState = 4 << 20

// write makes the directory, with copies of files under other names: whoever finds fleet.json finds everything else.
func (f *Fleet) write(files map[string]string) error {
	for _, dir := range []string{"", shardsDir, logsDir} {
		if err := os.MkdirAll(filepath.Join(f.Dir, dir), 0o755); err != nil {
			return errs.ByUser(err)
		}
	}
	for from, to := range files {
		mode := fs.FileMode(0o644)
		if to == programFile {
			mode = 0o755
		}
		if err := bring(from, filepath.Join(f.Dir, to), mode); err != nil {
			return err
		}
	}
	return f.put(stateFile, f)
}

// put writes a file of the fleet, whole or not at all.
func (f *Fleet) put(name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return safefile.WriteIn(f.Dir, name, append(text, '\n'), 0o644)
}

// get reads a file of the fleet; false if there is none.
func (f *Fleet) get(name string, v any) (bool, error) {
	text, err := safefile.ReadIn(f.Dir, name, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return false, errs.Usagef("%s is damaged: %w", filepath.Join(f.Dir, name), err)
	}
	return true, nil
}

// bring copies a file under a temporary name first. It does not link it: hosts of a shared file system have a right to a
// file that does not change.
func bring(from, to string, mode fs.FileMode) error {
	in, err := safefile.Open(from)
	if err != nil {
		return errs.ByUser(err)
	}
	defer in.Close()
	partly := to + ".partly"
	out, err := os.OpenFile(partly, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return errors.Join(err, os.Remove(partly))
	}
	return os.Rename(partly, to)
}
