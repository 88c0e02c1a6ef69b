// Package debian gets packages out of Debian's whole archive, whatever release the
// host is of: with apt's own tools and its checks of signatures, but with a
// configuration, lists and downloads of our own. It installs nothing, leaves the
// host's apt alone and needs no root. It does not know what the packages are for.
package debian

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"loopfault/errs"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/command"
	"loopfault/vmimages/packages"
	"loopfault/vmimages/progress"
)

// Archive is Debian's archive as this host reaches it.
type Archive struct {
	Cache  *cache.Cache
	Report progress.Func // may be nil

	mirrors []mirror // for tests; nil means the host's
	keyring string   // likewise
}

// Version is one version of a package, and where it was found.
type Version struct {
	Package string `json:"package"`
	Version string `json:"version"`
	Suite   string `json:"suite"` // as in trixie-backports
}

// Room of the cache, and what is in it.
const (
	room       = "debian"
	dirLists   = "lists"
	dirStamps  = "updated"
	dirPackage = "archives"
	dirNothing = "nothing"
)

// fresh is how long lists are used without asking the mirror again.
const fresh = time.Hour

// Space for the lists of all suites and for one large package, in bytes.
const space = 500_000_000

var packageForm = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)

// Fetch downloads the newest version of a package in any suite and passes its file to use; the file is removed
// afterwards. For a package in no suite the Usage error says why some suites could not be read.
func (a *Archive) Fetch(ctx context.Context, name string, use func(deb string, v Version) error) error {
	if !packageForm.MatchString(name) {
		return errs.Usagef("%q is no name of a Debian package", name)
	}
	lock, suites, missed, err := a.open(ctx, name)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if err := a.Cache.Need(space, "download "+name); err != nil {
		return err
	}
	v, err := a.newest(ctx, name, suites)
	if err != nil {
		return err
	}
	if v.Version == "" {
		return absent(name, missed)
	}
	deb, err := a.download(ctx, lock.File(), v)
	if err != nil {
		return err
	}
	defer os.Remove(deb)
	return use(deb, v)
}

// Names lists the packages of all suites whose names have a prefix.
func (a *Archive) Names(ctx context.Context, prefix string) (names []string, err error) {
	return names, a.ask(ctx, prefix, func(line string) { names = append(names, line) }, "pkgnames", prefix)
}

// Depends lists what the newest version of a package depends on, nothing if there is none.
func (a *Archive) Depends(ctx context.Context, name string) (names []string, err error) {
	err = a.ask(ctx, name, func(line string) {
		if dep, ok := strings.CutPrefix(strings.TrimSpace(line), "Depends: "); ok {
			names = append(names, dep)
		}
	}, "depends", "--important", name)
	if errs.EvidenceOf(err) == "E: No packages found" {
		err = nil
	}
	return names, err
}

// ask queries the lists about a package.
func (a *Archive) ask(ctx context.Context, name string, line func(string), question ...string) error {
	if !packageForm.MatchString(name) {
		return errs.Usagef("%q is no name of a Debian package", name)
	}
	lock, suites, _, err := a.open(ctx, name)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	config, err := a.configure("all", suites)
	if err != nil {
		return err
	}
	return command.Command{Argv: append([]string{"apt-cache"}, question...), Env: environment(config), Line: line}.Run(ctx)
}

// open locks our lists and brings them up to date; see update for what was missed.
func (a *Archive) open(ctx context.Context, name string) (lock *cache.Lock, suites []suite, missed map[string]string, err error) {
	if err := packages.Require("apt-get", "apt-cache", "apt-config"); err != nil {
		return nil, nil, nil, err
	}
	lock, err = a.Cache.Lock(ctx, filepath.Join(room, "lock"), "fetching "+name, func(holder string) {
		a.Report.Wait("debian.lock", "waiting for "+holder+", which uses Debian's archive")
	})
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() {
		if err != nil {
			lock.Unlock()
		}
	}()
	for _, dir := range []string{dirLists, dirStamps, dirPackage, dirNothing} {
		if err := os.MkdirAll(a.Cache.Path(room, dir, "partial"), 0o755); err != nil {
			return nil, nil, nil, errs.Infraf("cannot keep Debian's lists: %w", err)
		}
	}
	if suites, err = a.suites(ctx); err != nil {
		return nil, nil, nil, err
	}
	missed, err = a.update(ctx, lock.File(), suites)
	return lock, suites, missed, err
}

// absent says why a package is not available: it may be the machine's fault only if a
// suite could not be read.
func absent(name string, missed map[string]string) error {
	var why []string
	for suite, reason := range missed {
		why = append(why, suite+": "+reason)
	}
	slices.Sort(why)
	if len(why) == 0 {
		return errs.Usagef("no suite of Debian's archive has a package %s", name)
	}
	e := errs.Infraf("no suite of Debian's archive that could be read has a package %s; %d could not be: %s", name, len(why), why[0])
	e.Evidence = strings.Join(why, "\n")
	return e
}

// newest asks the lists for the newest version of a package.
func (a *Archive) newest(ctx context.Context, name string, suites []suite) (Version, error) {
	config, err := a.configure("all", suites)
	if err != nil {
		return Version{}, err
	}
	var found Version
	err = command.Command{Argv: []string{"apt-cache", "madison", name}, Env: environment(config), Line: func(line string) {
		// "linux-source-7.3 | 7.3.4-1~bpo13+1 | URI trixie-backports/main amd64 Packages", newest first.
		f := strings.Split(line, "|")
		if len(f) != 3 || found.Version != "" || strings.TrimSpace(f[0]) != name {
			return
		}
		if where := strings.Fields(f[2]); len(where) > 1 {
			found = Version{Package: name, Version: strings.TrimSpace(f[1])}
			found.Suite, _, _ = strings.Cut(where[1], "/")
		}
	}}.Run(ctx)
	return found, err
}

var statusLine = regexp.MustCompile(`^dlstatus:[0-9]+:([0-9]+)`)

// download gets one version; apt compares it with the hashes of the signed lists. It writes
// under the final name from the start, so a partial file has to be removed after a failure.
func (a *Archive) download(ctx context.Context, lock *os.File, v Version) (deb string, err error) {
	dir := a.Cache.Path(room, dirPackage)
	defer func() {
		if err != nil {
			a.clear(v.Package)
		}
	}()
	a.clear(v.Package) // of a download that was killed
	step := a.Report.Begin("debian.download", fmt.Sprintf("downloading %s %s from %s", v.Package, v.Version, v.Suite), 0)
	defer step.End()
	err = command.Command{
		Argv: []string{"apt-get", "-q", "-o", "APT::Status-Fd=1", "download", v.Package + "=" + v.Version},
		Dir:  dir, Env: environment(a.configPath("all")), Lock: lock,
		Line: func(line string) {
			if m := statusLine.FindStringSubmatch(line); m != nil {
				percent, _ := strconv.Atoi(m[1])
				step.Advance(int64(percent), 100)
			}
		},
	}.Run(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		e := errs.Infraf("cannot download %s %s: %s", v.Package, v.Version, cmp.Or(complaint(errs.EvidenceOf(err)), err.Error()))
		e.Evidence = errs.EvidenceOf(err)
		return "", e
	}
	found := a.downloaded(v.Package)
	if len(found) != 1 {
		return "", errs.Infraf("apt-get download %s left %d files", v.Package, len(found))
	}
	return found[0], nil
}

func (a *Archive) downloaded(name string) []string {
	found, _ := filepath.Glob(a.Cache.Path(room, dirPackage, name+"_*.deb")) // names hold no pattern
	return found
}

func (a *Archive) clear(name string) {
	for _, f := range a.downloaded(name) {
		os.Remove(f)
	}
}
