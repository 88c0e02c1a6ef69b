// Package packages holds the lists of Debian packages, the host's, those that
// some commands ask for, the tests', the fleet tests' and the guests', and knows which package brings a missing command. It installs
// nothing; ../setup.sh does.
package packages

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"loopfault/errs"
)

//go:embed host.txt
var hostList string

//go:embed test.txt
var testList string

//go:embed fleet.txt
var fleetList string

//go:embed optional.txt
var optionalList string

//go:embed guest.txt
var guestList string

//go:embed ceph.txt
var cephList string

// Package is one line of the host list.
type Package struct {
	Name  string
	Needs []string // commands or absolute paths that the package brings
}

// Host returns the packages a host needs, in the order of the list.
func Host() []Package { return read(hostList) }

// Test returns the packages that only tests need.
func Test() []Package { return read(testList) }

// Fleet returns the packages that only the tests with a Slurm of their own need.
func Fleet() []Package { return read(fleetList) }

// Optional returns the packages that a command asks for by name when it needs them.
func Optional() []Package { return read(optionalList) }

func read(text string) []Package {
	var list []Package
	for _, fields := range lines(text) {
		p := Package{Name: fields[0]}
		if len(fields) > 1 {
			p.Needs = strings.Split(fields[1], ",")
		}
		list = append(list, p)
	}
	return list
}

// Guest returns the names of the packages of the root image.
func Guest() []string { return names(guestList) }

// Ceph returns the names of the packages that a root image with a Ceph cluster has beside
// those, in Debian 12.
func Ceph() []string { return names(cephList) }

func names(text string) []string {
	var names []string
	for _, fields := range lines(text) {
		names = append(names, fields[0])
	}
	return names
}

func lines(text string) [][]string {
	var rows [][]string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if fields := strings.Fields(line); len(fields) > 0 {
			rows = append(rows, fields)
		}
	}
	return rows
}

// Find returns the path of a command. System directories are searched as well,
// since the path of ordinary users leaves them out and debugfs lives there.
func Find(command string) (string, error) {
	if path, err := exec.LookPath(command); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/local/sbin", "/usr/sbin", "/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, command)); err == nil {
			return path, nil
		}
	}
	return "", missing(command)
}

// Require returns an infrastructure error that names every missing need and
// the Debian package that brings it. Needs are commands or absolute paths.
func Require(needs ...string) error {
	var what []string
	for _, need := range needs {
		if filepath.IsAbs(need) {
			if _, err := os.Stat(need); err != nil {
				what = append(what, need)
			}
		} else if _, err := Find(need); err != nil {
			what = append(what, need)
		}
	}
	if len(what) == 0 {
		return nil
	}
	return missing(what...)
}

func missing(needs ...string) error {
	var names []string
	seen := map[string]bool{}
	for _, need := range needs {
		if name := Of(need); name != "" && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	msg := "missing " + strings.Join(needs, ", ")
	if len(names) > 0 {
		msg += fmt.Sprintf(": install the Debian package%s %s (vmimages/setup.sh does)",
			plural(len(names)), strings.Join(names, " "))
	}
	return errs.Infraf("%s", msg)
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// Of returns the Debian package that brings a need, or "" if none is listed.
func Of(need string) string {
	for _, p := range slices.Concat(Host(), Test(), Fleet(), Optional()) {
		for _, n := range p.Needs {
			if n == need {
				return p.Name
			}
		}
	}
	return ""
}
