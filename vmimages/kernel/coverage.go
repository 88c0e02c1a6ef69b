package kernel

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"loopfault/errs"
)

// Covered are the directories whose code a kernel of the flavour gcov counts, with all below
// them: NFS client and server, their locks, and the RPC layer under both.
var Covered = []string{"fs/nfs", "fs/nfsd", "fs/lockd", "fs/nfs_common", "net/sunrpc"}

// InCovered says whether a file, named from the top of the source, is below one of the Covered directories.
func InCovered(file string) bool {
	return slices.ContainsFunc(Covered, func(dir string) bool { return strings.HasPrefix(file, dir+"/") })
}

// profileOption turns counting on in a kernel, but for no file of its own accord.
const profileOption = "GCOV_KERNEL"

// profiled says whether settings ask for counts.
func profiled(settings []setting) bool {
	return slices.ContainsFunc(settings, func(s setting) bool { return s.symbol == profileOption && s.value == "y" })
}

// profileVar makes kbuild count in the Covered directories. Each makefile may set GCOV_PROFILE for
// its own directory; given on the command line it holds for all of them, so its value asks which
// one is compiled. That spares a patch for each directory and version of the source.
func profileVar() string {
	var dirs []string
	for _, dir := range Covered {
		dirs = append(dirs, dir, dir+"/%")
	}
	return "GCOV_PROFILE=$(if $(filter " + strings.Join(dirs, " ") + ",$(obj)),y)"
}

// NotesSuffix ends the names of the compiler's notes: what is counted where, of one object file.
const NotesSuffix = ".gcno"

// publishNotes copies the compiler's notes of an object tree into a build.
func publishNotes(obj, dir string) error {
	found := false
	for _, top := range Covered {
		err := filepath.WalkDir(filepath.Join(obj, top), func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path.Ext(file) != NotesSuffix {
				return err
			}
			name, err := filepath.Rel(obj, file)
			if err != nil {
				return err
			}
			to := filepath.Join(dir, fileNotes, name)
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return err
			}
			found = true
			_, err = copyFile(file, to)
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // not every configuration has all of them
			return errs.Infraf("cannot keep the notes of what the kernel counts in %s: %w", top, err)
		}
	}
	if !found {
		return errs.Infraf("the kernel build left no notes of what it counts: its compiler has to be gcc")
	}
	return nil
}

// Counts says whether the kernel counts what runs in the Covered directories.
func (b Build) Counts() bool { return slices.Contains(b.Instrumentation, profileOption) }

// Notes is the directory with the compiler's notes of a kernel that Counts, each below it as its
// object was named from the top of the object tree. It is empty if there are none.
func (b Build) Notes() string {
	for _, dir := range []string{filepath.Join(b.Dir, fileNotes), b.Dir} { // or a tree in which somebody built it
		if st, err := os.Stat(filepath.Join(dir, Covered[0])); b.Dir != "" && err == nil && st.IsDir() {
			return dir
		}
	}
	return ""
}

// CoveredName is the name of a file of an object tree from the top of that tree, if it is below one of
// the Covered directories: the kernel names its counts by where it was built, on whatever machine.
func CoveredName(file string) (name string, ok bool) {
	at := -1
	for _, dir := range Covered {
		at = max(at, strings.LastIndex(file, "/"+dir+"/"))
	}
	if at < 0 {
		return "", false
	}
	return file[at+1:], true
}
