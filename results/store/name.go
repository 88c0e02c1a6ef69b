package store

import (
	"fmt"
	"os"
	"regexp"
)

// RunName is the name of a run as files hold it that may have come from elsewhere. Read from one, it is a name that
// Create could have given: never empty, a pattern, or the way to another directory, so that it may be joined to the
// results directory, and removed there.
type RunName string

var runNameForm = regexp.MustCompile(`^[0-9]{8}-[0-9]{6}-[A-Za-z0-9._-]*$`)

// UnmarshalText is what decoders of JSON and YAML call.
func (n *RunName) UnmarshalText(text []byte) error {
	if err := RunName(text).check(); err != nil {
		return err
	}
	*n = RunName(text)
	return nil
}

func (n RunName) check() error {
	if !runNameForm.MatchString(string(n)) {
		return fmt.Errorf("%q is not the name of a run, as in 20260102-030405-NAME", string(n))
	}
	return nil
}

// Remove removes a run. A missing run is no error.
func (s *Store) Remove(name RunName) error {
	if err := name.check(); err != nil {
		return err
	}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return root.RemoveAll(string(name))
}
