// Package doctor checks what this host has of what builds and guests need: the host itself, QEMU, Debian packages, the
// agent, disk space, and which accelerator boots a guest.
package doctor

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"golang.org/x/sys/unix"

	"loopfault/harness/guest"
	"loopfault/harness/session"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/kernel"
	"loopfault/vmimages/packages"
)

// Check is one line of the doctor: its subject, its result, and whether guests
// can be run or kernels built as it is.
type Check struct {
	What  string `json:"check"`
	Found string `json:"found"`
	OK    bool   `json:"ok"`
}

// Report is what doctor --json prints.
type Report struct {
	Checks []Check `json:"checks"`
}

// Fprint writes it for people, a check in a line.
func (r Report) Fprint(w io.Writer) {
	for _, k := range r.Checks {
		mark := map[bool]string{true: "ok", false: "MISSING"}[k.OK]
		fmt.Fprintf(w, "%-8s %-12s %s\n", mark, k.What, k.Found)
	}
}

// OK says whether nothing is missing.
func (r Report) OK() bool {
	return !slices.ContainsFunc(r.Checks, func(k Check) bool { return !k.OK })
}

// Examine checks this host, with the settings of a session.
func Examine(ctx context.Context, s *session.Session) Report {
	here := session.ThisHost()
	checks := Host(here)
	if here.Fits() == nil { // else there is no point in installing anything
		checks = append(checks, tools(ctx, s)...)
	}
	return Report{checks}
}

// wantedFiles is room for the campaign's own files and some ten guests: the harness has
// about twenty open for each, QEMU about sixty.
const wantedFiles = 1024

// Host checks what needs no program: architecture, package manager, limits.
func Host(h session.Host) []Check {
	if err := h.Fits(); err != nil {
		return []Check{{"host", err.Error(), false}}
	}
	c := Check{"host", "x86-64, with apt-get", true}
	if !h.Apt {
		c = Check{"host", "there is no apt-get here: kernels and the root image are built from Debian's packages, so build and run in a Debian machine (12, 13 or sid), or in the container that Containerfile describes", false}
	}
	files := Check{"open files", fmt.Sprintf("up to %d", h.Files), true}
	if h.Files < wantedFiles {
		files = Check{"open files", fmt.Sprintf("up to %d, want %d: raise the hard limit (ulimit -Hn; in a container --ulimit nofile=4096:4096)", h.Files, wantedFiles), false}
	}
	return []Check{c, files}
}

func tools(ctx context.Context, s *session.Session) []Check {
	checks := []Check{checkQEMU(ctx), checkPackages(), checkAgent()}
	c, err := cache.Open("")
	if err != nil {
		return append(checks, Check{"cache", err.Error(), false})
	}
	return append(checks, checkDisk(c), checkAccel(ctx, s, c))
}

func checkQEMU(ctx context.Context) Check {
	v := session.QEMUVersion()
	if v == session.NotFound {
		return Check{"qemu", guest.QEMU("") + " not found: install the Debian package qemu-system-x86, or set LOOPFAULT_QEMU", false}
	}
	if err := guest.CheckNetwork(ctx, ""); err != nil {
		return Check{"qemu", v + ": " + err.Error(), false}
	}
	return Check{"qemu", v, true}
}

// checkPackages looks for everything a build of kernels and images calls.
func checkPackages() Check {
	var needs []string
	for _, p := range packages.Host() {
		needs = append(needs, p.Needs...)
	}
	if err := packages.Require(needs...); err != nil {
		return Check{"packages", err.Error(), false}
	}
	return Check{"packages", fmt.Sprintf("all %d of vmimages/packages/host.txt", len(packages.Host())), true}
}

func checkAgent() Check {
	p, err := session.AgentPath()
	if err != nil {
		return Check{"agent", err.Error(), false}
	}
	return Check{"agent", p, true}
}

// buildSpace is what an empty cache grows to with one kernel and one image.
const buildSpace = 6 << 30

func checkDisk(c *cache.Cache) Check {
	var st unix.Statfs_t
	if err := unix.Statfs(c.Path(), &st); err != nil {
		return Check{"disk", err.Error(), false}
	}
	free := st.Bavail * uint64(st.Bsize)
	return Check{"disk", fmt.Sprintf("%.1f GB free in %s (a first build takes %.0f GB)", float64(free)/1e9, c.Path(), float64(buildSpace)/1e9), free > buildSpace}
}

// checkAccel boots a guest with an existing kernel; without one it cannot
// check.
func checkAccel(ctx context.Context, s *session.Session, c *cache.Cache) Check {
	list, err := kernel.List(c)
	if err != nil {
		return Check{"accelerator", err.Error(), false}
	}
	if len(list) == 0 {
		return Check{"accelerator", "unknown until a kernel is built to boot: `loopfault kernel build stock`", true}
	}
	quickest := slices.MinFunc(list, func(a, b kernel.Build) int { return cmp.Compare(a.Slowness(), b.Slowness()) })
	choice, err := s.Accel(ctx, c, quickest, true)
	if err != nil {
		return Check{"accelerator", err.Error(), false}
	}
	return Check{"accelerator", fmt.Sprintf("%s: %s", choice.Accel.Name, choice.Why), true}
}
