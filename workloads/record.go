package workloads

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"loopfault/workloads/beats"
	"loopfault/workloads/wire"
)

// MakeRecords makes the files that workers of any user append to, empty.
func MakeRecords(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o777); err != nil { // the umask took bits away
		return err
	}
	for _, name := range wire.RecordFiles() {
		path := filepath.Join(dir, name)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
		if err != nil {
			return err
		}
		f.Close()
		if err := os.Chmod(path, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// record appends one line to a record file, in one write(2), so that lines of
// several workers do not mix.
func (e Env) record(name string, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(e.Records, name), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(append(line, '\n'))
	return err
}

// found records a finding, and prints it on the console, which outlives the guest.
func (e Env) found(kind, what, format string, args ...any) {
	f := wire.Finding{Kind: kind, What: what, Detail: fmt.Sprintf(format, args...), Worker: e.Name, Uptime: beats.SinceBoot().Seconds()}
	fmt.Printf("loopfault: %s found: %s: %s\n", e.Name, f.What, f.Detail)
	if err := e.record(wire.FindingsFile, f); err != nil {
		fmt.Printf("loopfault: %s: its finding is not recorded: %v\n", e.Name, err)
	}
}
