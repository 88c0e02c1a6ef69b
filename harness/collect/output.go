package collect

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/renameio/v2"
	"golang.org/x/term"

	"loopfault/errs"
)

// Output is where an archive goes: a file that appears whole, or standard output.
type Output struct {
	Name string // of the file; "" for standard output

	file   *renameio.PendingFile
	stdout io.Writer
}

// CheckProgram finds what is wrong with where this program lies: a file system that may hang itself.
func CheckProgram() error {
	if on := networkOf(program()); on != "" {
		return errs.Usagef("%s lies on a file system of type %s, which may be what hangs: copy the program to a local one first", program(), on)
	}
	return nil
}

// Create makes sure that an archive can be written, before anything is read: to a file of that name, to stdout if it is -, or, if
// it is empty, to a file here with the host and the time in its name. Errors are the user's.
func Create(name string, stdout io.Writer) (*Output, error) {
	if name == "-" {
		if f, ok := stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			return nil, errs.Usagef("-o -: the archive is no text for a terminal; send standard output to a file or a pipe")
		}
		return &Output{stdout: stdout}, nil
	}
	if name == "" {
		host, _ := os.Hostname()
		name = fmt.Sprintf("loopfault-collect-%s-%s.tar.zst", strings.ReplaceAll(host, "/", "_"), time.Now().UTC().Format("20060102-150405"))
	}
	full, err := filepath.Abs(name)
	if err != nil {
		return nil, errs.ByUser(err)
	}
	if on := networkOf(full); on != "" {
		return nil, errs.Usagef("%s lies on a file system of type %s, which may be what hangs: want -o with a name on a local one", full, on)
	}
	if _, err := os.Lstat(full); !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			return nil, errs.ByUser(err)
		}
		return nil, errs.Usagef("-o %s: there is such a file already, and it is not overwritten; want a new name", name)
	}
	f, err := renameio.NewPendingFile(full, renameio.WithPermissions(0o600), renameio.WithTempDir(filepath.Dir(full)))
	if err != nil {
		return nil, errs.ByUser(fmt.Errorf("-o %s: %w", name, err))
	}
	return &Output{Name: name, file: f}, nil
}

// Keep writes the archive.
func (o *Output) Keep(t *Taken) error {
	if o.file == nil {
		return t.Write(o.stdout)
	}
	err := t.Write(o.file)
	if err == nil {
		err = o.file.CloseAtomicallyReplace()
	}
	if err != nil {
		return errs.ByUser(fmt.Errorf("-o %s: nothing was kept: %w", o.Name, err))
	}
	return nil
}

// Discard removes what was not kept; after Keep it does nothing.
func (o *Output) Discard() {
	if o.file != nil {
		_ = o.file.Cleanup()
	}
}
