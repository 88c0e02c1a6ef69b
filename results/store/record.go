package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"loopfault/results/safefile"
)

// Records are files beside the runs that say what several runs together are for:
// a matrix, a bisection, a nightly. They are called KIND-TIME.json and are
// rewritten at every step, so that interrupted work can resume.

// Latest names the newest record of a kind.
const Latest = "latest"

const recordSuffix = ".json"

// NewRecord makes a new, empty file, named so that names sort by time and are
// unique: two may start in one second.
func NewRecord(results, kind string, at time.Time) (path string, err error) {
	base := filepath.Join(results, kind+"-"+at.UTC().Format("20060102-150405"))
	for i := 1; ; i++ {
		path := base + recordSuffix
		if i > 1 {
			path = fmt.Sprintf("%s_%d%s", base, i, recordSuffix) // _ sorts after .
		}
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err == nil {
			return path, f.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
}

// Records lists the records of a kind, oldest first. Empty ones are left out:
// their writer was killed before it had anything to record.
func Records(results, kind string) ([]string, error) {
	entries, err := safefile.ListIn(results, ".")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var found []string
	for _, e := range entries {
		if is, _ := filepath.Match(kind+"-[0-9]*"+recordSuffix, e.Name()); !is {
			continue
		}
		st, err := safefile.StatIn(results, e.Name())
		if errors.Is(err, fs.ErrNotExist) || err == nil && st.Size() == 0 {
			continue
		}
		found = append(found, filepath.Join(results, e.Name())) // its reader reports what is wrong with it
	}
	return found, err
}

// FindRecord is the path of the record of that name, or of the latest one.
func FindRecord(results, kind, name string) (string, error) {
	if name == Latest {
		found, err := Records(results, kind)
		if err != nil || len(found) == 0 {
			return "", fmt.Errorf("no %s in %s", kind, results)
		}
		return found[len(found)-1], nil
	}
	path := name
	if !strings.ContainsRune(name, filepath.Separator) {
		path = filepath.Join(results, name)
	}
	if _, err := safefile.StatIn(filepath.Dir(path), filepath.Base(path)); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("no %s %s", kind, path)
	}
	return path, nil
}

// ReadRecord reads a record into v. It has to be of the format that the program
// knows.
func ReadRecord(path string, format int, v any) error {
	text, err := safefile.ReadIn(filepath.Dir(path), filepath.Base(path), maxJSON)
	if err != nil {
		return err
	}
	var head struct{ Format int }
	if err := json.Unmarshal(text, &head); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if head.Format != format {
		return fmt.Errorf("%s: format %d, this program reads %d", path, head.Format, format)
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// WriteRecord writes a record, whole or not at all.
func WriteRecord(path string, v any) error {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return safefile.WriteIn(filepath.Dir(path), filepath.Base(path), append(text, '\n'), 0o644)
}
